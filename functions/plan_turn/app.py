"""Plans when a release begins, and the lock that it takes."""

from noria.kernel.entry import serves
from noria.release.turn import plan_turn

lambda_handler = serves(plan_turn)
