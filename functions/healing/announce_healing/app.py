"""Records the dataset of an automatic retraining, and requests its run."""

from noria.healing.announce_healing import announce_healing
from noria.kernel.handler import lambda_handler_for

lambda_handler = lambda_handler_for(announce_healing)
