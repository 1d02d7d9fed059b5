"""Judges one upload by its model's contract."""

from noria.data.judge_dataset import judge_dataset
from noria.kernel.handler import lambda_handler_for

lambda_handler = lambda_handler_for(judge_dataset)
