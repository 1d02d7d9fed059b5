"""Plans the evaluation of a candidate, with the champion on the same rows."""

from noria.training.planning import plan_evaluation
from noria.kernel.entry import serves

lambda_handler = serves(plan_evaluation)
