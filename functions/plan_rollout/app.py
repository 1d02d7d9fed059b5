"""Plans the release of an approved version."""

from noria.kernel.entry import serves
from noria.release.rollout import plan_rollout

lambda_handler = serves(plan_rollout)
