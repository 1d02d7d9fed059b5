"""Judges one upload by its model's contract."""

from noria.data.ingest import judge_dataset
from noria.kernel.entry import serves

lambda_handler = serves(judge_dataset)
