"""Shared by every room of the command: the session, the ledger, files, options, the console and errors."""
