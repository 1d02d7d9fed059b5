"""Requests to SageMaker, complete and pure: what training, releases and serving ask of it."""
