"""Commands on data: profile a file, suggest its contract, upload it, follow the upload."""
