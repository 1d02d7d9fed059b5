"""AWS on one machine: the emulator, extended in-process with what it lacks, and a SageMaker that really trains and serves."""
