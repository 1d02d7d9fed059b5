"""Releases: approve a version, bring it to its endpoint, see that it serves."""
