"""Commands on data: profile a file, suggest its contract, upload it and follow what becomes of it."""
