"""Puts together the rows that a model is trained on again."""

from noria.healing.assembling import assemble_dataset
from noria.kernel.entry import serves

lambda_handler = serves(assemble_dataset)
