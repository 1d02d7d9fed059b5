"""Healing: whether a model that got worse is trained again, on which rows, and what that would have done to a history."""
