"""Commands on training: retrain."""
