"""Concludes a run: registered, rejected or failed."""

from noria.kernel.handler import lambda_handler_for
from noria.training.conclude_run import conclude_run

lambda_handler = lambda_handler_for(conclude_run)
