"""The profile: a mergeable statistical summary of a dataset, for ingestion, training and drift checks."""
