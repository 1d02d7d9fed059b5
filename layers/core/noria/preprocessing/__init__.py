"""Preprocessing: the steps of a spec, fitted once, and applied alike in front of training and of the endpoint."""
