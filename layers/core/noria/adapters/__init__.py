"""Where the pure core meets AWS."""
