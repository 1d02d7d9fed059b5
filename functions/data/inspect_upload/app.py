"""Reads one upload and finds the facts that its judgement needs."""

from noria.data.read_upload import inspect_upload
from noria.kernel.handler import lambda_handler_for

lambda_handler = lambda_handler_for(inspect_upload)
