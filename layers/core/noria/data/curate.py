"""Curates a dataset: writes the accepted rows, their profile, and the profiles of their blocks of time."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.rows import separate
from noria.kernel import lake
from noria.profile import baseline
from noria.profile.baseline import profile_rows

if TYPE_CHECKING:
    from noria.data.shapes import CurateDatasetInput, CurateDatasetResult

CSV, PROFILE = "text/csv", "application/octet-stream"


def curate_dataset(event: CurateDatasetInput) -> CurateDatasetResult:
    """Write the accepted rows with their profiles, and those that break the contract beside them."""
    spec, folder = event["spec"], event["folder"]
    pieces = objects.chunks(event["bucket"], event["key"], event["version"])
    good, bad = separate(pieces, DataContract.of(spec["data"]), spec["target"])
    write_dataset(event["bucket"], folder, good, spec["data"]["time"])
    if bad:
        objects.write(event["bucket"], folder + lake.SET_ASIDE, bad.encode(), CSV)
    return {"location": folder + lake.DATA}


def write_dataset(bucket: str, folder: str, text: str, time: str | None) -> None:
    """Write a dataset: its rows, its profile, and the profiles of its blocks of time."""
    objects.write(bucket, folder + lake.DATA, text.encode(), CSV)
    header, *rows = list(csv.reader(io.StringIO(text, newline="")))
    whole = profile_rows(header, rows, time)
    objects.write(bucket, folder + lake.PROFILE, whole.to_bytes(), PROFILE)
    parts = baseline.blocks(header, rows, time, whole) if time else []
    objects.write(bucket, folder + lake.BLOCKS, baseline.pack(parts), PROFILE)
