"""Commands on all models: the list of them, and taking one out of service."""
