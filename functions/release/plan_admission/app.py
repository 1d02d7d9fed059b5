"""Plans when a release begins, and the lock that it takes."""

from noria.kernel.handler import lambda_handler_for
from noria.release.admission import plan_admission

lambda_handler = lambda_handler_for(plan_admission)
