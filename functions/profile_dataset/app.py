"""Reads one upload and finds the facts that its judgement needs."""

from noria.data.reading import profile_dataset
from noria.kernel.entry import serves

lambda_handler = serves(profile_dataset)
