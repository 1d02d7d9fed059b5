"""AWS on one machine: an emulator with additions in its process, and a SageMaker that trains and serves models."""
