"""Concludes a rollback."""

from noria.kernel.entry import serves
from noria.release.rollback import conclude_rollback

lambda_handler = serves(conclude_rollback)
