"""Decides whether a registered version is approved, or a person is asked."""

from noria.kernel.entry import serves
from noria.release.approval import decide_approval

lambda_handler = serves(decide_approval)
