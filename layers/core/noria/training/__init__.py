"""Runs: preprocess, train, evaluate on a holdout, judge by gates, register."""
