"""Reads the answers that champion and challenger have given since the last look."""

from noria.kernel.entry import serves
from noria.release.answers import count_answers

lambda_handler = serves(count_answers)
