"""Datasets: uploads, their contract, and the split into training set and holdout."""
