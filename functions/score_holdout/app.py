"""Reads the predictions of a holdout and scores them against its truth."""

from noria.kernel.entry import serves
from noria.training.scoring import score_holdout

lambda_handler = serves(score_holdout)
