"""What is measured, against whom; each benchmark writes .noria/bench/<name>.json."""
