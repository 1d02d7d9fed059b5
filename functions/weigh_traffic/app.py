"""Weighs what champion and challenger have answered so far."""

from noria.kernel.entry import serves
from noria.release.observing import weigh_traffic

lambda_handler = serves(weigh_traffic)
