"""Concludes a release: completed only if the endpoint serves what was asked for."""

from noria.kernel.handler import lambda_handler_for
from noria.release.rollout import conclude_rollout

lambda_handler = lambda_handler_for(conclude_rollout)
