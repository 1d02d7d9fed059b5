"""Plans the evaluation of a candidate, with the champion on the same rows."""

from noria.kernel.entry import serves
from noria.training.planning import plan_evaluation

lambda_handler = serves(plan_evaluation)
