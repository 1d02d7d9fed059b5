"""Concludes a release: completed only if the endpoint serves the requested configuration."""

from noria.kernel.handler import lambda_handler_for
from noria.release.conclude_rollout import conclude_rollout

lambda_handler = lambda_handler_for(conclude_rollout)
