"""Counts the predictions that champion and challenger have given since the last look."""

from noria.kernel.handler import lambda_handler_for
from noria.release.read_captured import count_captured

lambda_handler = lambda_handler_for(count_captured)
