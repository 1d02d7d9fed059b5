"""Preprocessing: what is declared in the spec, fitted once, and applied alike in front of training and of the endpoint."""
