"""Says what makes the dataset of a healing a training."""

from noria.healing.decide_healing import announce_healing
from noria.kernel.handler import lambda_handler_for

lambda_handler = lambda_handler_for(announce_healing)
