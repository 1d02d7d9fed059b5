"""Decides on an automatic retraining after a cause for concern."""

from noria.healing.decide_healing import decide_healing
from noria.kernel.handler import lambda_handler_for

lambda_handler = lambda_handler_for(decide_healing)
