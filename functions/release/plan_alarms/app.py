"""Plans the alarms on what serves."""

from noria.kernel.handler import lambda_handler_for
from noria.release.endpoint_config import plan_alarms

lambda_handler = lambda_handler_for(plan_alarms)
