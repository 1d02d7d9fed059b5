"""Runs: train, evaluate on rows the job never saw, judge, register."""
