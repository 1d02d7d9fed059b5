"""AWS on one machine: an emulator, extended in its process with what it lacks, and a SageMaker that trains and serves models."""
