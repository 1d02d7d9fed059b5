"""Plans the alarms on a champion."""

from noria.kernel.handler import lambda_handler_for
from noria.release.alarms import plan_alarms

lambda_handler = lambda_handler_for(plan_alarms)
