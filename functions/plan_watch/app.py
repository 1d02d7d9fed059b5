"""Plans the alarms on what serves."""

from noria.kernel.entry import serves
from noria.release.fleet import plan_watch

lambda_handler = serves(plan_watch)
