"""Plans the release of an approved version."""

from noria.release.rollout import plan_rollout
from noria.kernel.entry import serves

lambda_handler = serves(plan_rollout)
