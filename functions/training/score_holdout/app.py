"""Reads the predictions of a holdout and scores them against its truth."""

from noria.kernel.handler import lambda_handler_for
from noria.training.score_holdout import score_holdout

lambda_handler = lambda_handler_for(score_holdout)
