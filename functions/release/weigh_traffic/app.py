"""Weighs what champion and challenger have answered so far."""

from noria.kernel.handler import lambda_handler_for
from noria.release.analysis import weigh_traffic

lambda_handler = lambda_handler_for(weigh_traffic)
