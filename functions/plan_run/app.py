"""Plans a run: its training job and the model that comes of it."""

from noria.kernel.entry import serves
from noria.training.planning import plan_run

lambda_handler = serves(plan_run)
