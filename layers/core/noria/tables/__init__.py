"""Reads files of every format as Arrow batches, in bounded memory, with the row of the file that each row came from."""
