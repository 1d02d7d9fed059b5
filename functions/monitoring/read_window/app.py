"""Reads captured traffic and ground truth since the last monitoring run."""

from noria.kernel.handler import lambda_handler_for
from noria.monitoring.read_window import read_window

lambda_handler = lambda_handler_for(read_window)
