"""Reads a version's answers to rows of its own holdout and compares them with its evaluation."""

from noria.release.smoke import check_answers
from noria.kernel.entry import serves

lambda_handler = serves(check_answers)
