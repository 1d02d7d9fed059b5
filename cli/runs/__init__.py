"""What runs at this moment: ingestions and runs, their jobs and their logs."""
