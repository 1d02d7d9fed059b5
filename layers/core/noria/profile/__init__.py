"""The profile: one mergeable summary of a dataset, for ingestion, training and drift."""
