"""Decides whether a registered version is approved, or a person is asked."""

from noria.kernel.handler import lambda_handler_for
from noria.release.decide_approval import decide_approval

lambda_handler = lambda_handler_for(decide_approval)
