"""Concludes a run: registered, rejected or failed."""

from noria.kernel.entry import serves
from noria.training.concluding import conclude_run

lambda_handler = serves(conclude_run)
