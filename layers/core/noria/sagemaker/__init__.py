"""Requests to SageMaker, complete and pure, for every context."""
