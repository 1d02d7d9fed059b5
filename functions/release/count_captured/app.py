"""Reads the answers that champion and challenger have given since the last look."""

from noria.kernel.handler import lambda_handler_for
from noria.release.captured_predictions import count_captured

lambda_handler = lambda_handler_for(count_captured)
