"""Decides whether a model that got worse is trained again."""

from noria.healing.deciding import decide_healing
from noria.kernel.entry import serves

lambda_handler = serves(decide_healing)
