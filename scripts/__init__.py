"""What develops this project: set-up, checks and generated files."""
