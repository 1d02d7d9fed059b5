"""Commands on monitoring: upload ground truth, start and show monitoring runs, check files for drift, put the dashboard."""
