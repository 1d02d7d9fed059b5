"""Judges one look at a served model."""

from noria.kernel.entry import serves
from noria.monitoring.judging import judge_window

lambda_handler = serves(judge_window)
