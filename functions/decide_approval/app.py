"""Decides whether a registered version is approved, or a person is asked."""

from noria.release.approval import decide_approval
from noria.kernel.entry import serves

lambda_handler = serves(decide_approval)
