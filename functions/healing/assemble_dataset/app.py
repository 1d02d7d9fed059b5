"""Assembles the rows that a model is retrained on."""

from noria.healing.assemble_dataset import assemble_dataset
from noria.kernel.handler import lambda_handler_for

lambda_handler = lambda_handler_for(assemble_dataset)
