"""Reads a version's answers to rows of its own holdout and compares them with its evaluation."""

from noria.kernel.entry import serves
from noria.release.smoke import check_answers

lambda_handler = serves(check_answers)
