"""Plans the way back to an earlier release."""

from noria.kernel.handler import lambda_handler_for
from noria.release.plan_rollback import plan_rollback

lambda_handler = lambda_handler_for(plan_rollback)
