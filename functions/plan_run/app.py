"""Plans a run: its training job and the model that comes of it."""

from noria.training.planning import plan_run
from noria.kernel.entry import serves

lambda_handler = serves(plan_run)
