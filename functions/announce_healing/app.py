"""Says what makes the dataset of a healing a training."""

from noria.healing.deciding import announce_healing
from noria.kernel.entry import serves

lambda_handler = serves(announce_healing)
