"""Compares a version's predictions of rows of its own holdout with its evaluation."""

from noria.kernel.handler import lambda_handler_for
from noria.release.read_smoke_predictions import compare_predictions

lambda_handler = lambda_handler_for(compare_predictions)
