"""Writes the rows of an accepted upload, and those set aside, to the lake."""

from noria.kernel.entry import serves
from noria.profile.curating import curate_dataset

lambda_handler = serves(curate_dataset)
