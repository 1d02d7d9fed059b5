"""Commands on the local AWS: start it, end it."""
