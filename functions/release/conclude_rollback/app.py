"""Concludes a rollback."""

from noria.kernel.handler import lambda_handler_for
from noria.release.conclude_rollback import conclude_rollback

lambda_handler = lambda_handler_for(conclude_rollback)
