"""Reads the predictions of a holdout and scores them against its truth."""

from noria.training.scoring import score_holdout
from noria.kernel.entry import serves

lambda_handler = serves(score_holdout)
