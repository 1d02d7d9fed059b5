"""Training, processing and batch transform jobs."""
