"""Writes the rows of an accepted upload, and those set aside, to the lake."""

from noria.data.curate import curate_dataset
from noria.kernel.handler import lambda_handler_for

lambda_handler = lambda_handler_for(curate_dataset)
