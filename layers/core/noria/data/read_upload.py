"""Reads an upload for its judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data import inspection, policy
from noria.data.contract import DataContract

if TYPE_CHECKING:
    from noria.data.shapes import Inspection, InspectUploadInput


def inspect_upload(event: InspectUploadInput) -> Inspection:
    """Inspect one object version. Rows of an object that is too large are not read."""
    spec = event["spec"] if event["size"] <= policy.MOST_BYTES else None
    contract = DataContract.of(spec["data"]) if spec else None
    pieces = objects.chunks(event["bucket"], event["key"], event["version"])
    return inspection.inspect(pieces, contract, spec["target"] if spec else "")
