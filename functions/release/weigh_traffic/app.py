"""Judges a release under way, and plans the challenger's share of the traffic."""

from noria.kernel.handler import lambda_handler_for
from noria.release.analysis import weigh_traffic

lambda_handler = lambda_handler_for(weigh_traffic)
