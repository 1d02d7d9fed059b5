"""Judges one monitoring run."""

from noria.kernel.handler import lambda_handler_for
from noria.monitoring.judge_window import judge_window

lambda_handler = lambda_handler_for(judge_window)
