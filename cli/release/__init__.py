"""Commands on releases: approve, reject, list, roll back, watch, and simulate the guard."""
