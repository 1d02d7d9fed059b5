"""Shapes of what the release machines hand to their functions, of what these return, and of what the ledger keeps of releases."""
