"""Plans the way back to an earlier release."""

from noria.kernel.entry import serves
from noria.release.rollback import plan_rollback

lambda_handler = serves(plan_rollback)
