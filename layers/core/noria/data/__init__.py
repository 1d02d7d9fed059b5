"""Datasets: what an upload is, what its contract asks, and how it is split."""
