"""Writes the rows of an accepted upload, and those set aside, to the lake."""

from noria.data.reading import curate_dataset
from noria.kernel.entry import serves

lambda_handler = serves(curate_dataset)
