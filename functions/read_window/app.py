"""Looks at what was captured and what turned out to be true since the last look."""

from noria.kernel.entry import serves
from noria.monitoring.window import read_window

lambda_handler = serves(read_window)
