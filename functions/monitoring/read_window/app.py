"""Looks at what was captured and what turned out to be true since the last look."""

from noria.kernel.handler import lambda_handler_for
from noria.monitoring.read_window import read_window

lambda_handler = lambda_handler_for(read_window)
