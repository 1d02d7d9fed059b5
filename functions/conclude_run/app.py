"""Concludes a run: registered, rejected or failed."""

from noria.training.concluding import conclude_run
from noria.kernel.entry import serves

lambda_handler = serves(conclude_run)
