"""What every room of the command shares: the session, the ledger, files, options, the console and errors."""
