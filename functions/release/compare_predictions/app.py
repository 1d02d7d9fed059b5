"""Reads a version's answers to rows of its own holdout and compares them with its evaluation."""

from noria.kernel.handler import lambda_handler_for
from noria.release.smoke_test import compare_predictions

lambda_handler = lambda_handler_for(compare_predictions)
