"""Concludes a release: completed only if the endpoint serves what was asked for."""

from noria.release.rollout import conclude_rollout
from noria.kernel.entry import serves

lambda_handler = serves(conclude_rollout)
