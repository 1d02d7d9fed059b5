"""Plans the release of an approved version."""

from noria.kernel.handler import lambda_handler_for
from noria.release.plan_rollout import plan_rollout

lambda_handler = lambda_handler_for(plan_rollout)
