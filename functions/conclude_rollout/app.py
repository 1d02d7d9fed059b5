"""Concludes a release: completed only if the endpoint serves what was asked for."""

from noria.kernel.entry import serves
from noria.release.rollout import conclude_rollout

lambda_handler = serves(conclude_rollout)
