"""Plans the evaluation of a candidate, and of the champion on the same rows."""

from noria.kernel.handler import lambda_handler_for
from noria.training.plan_evaluation import plan_evaluation

lambda_handler = lambda_handler_for(plan_evaluation)
