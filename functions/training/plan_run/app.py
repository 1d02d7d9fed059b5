"""Plans a run: its training job and the model that comes of it."""

from noria.kernel.handler import lambda_handler_for
from noria.training.plan_run import plan_run

lambda_handler = lambda_handler_for(plan_run)
