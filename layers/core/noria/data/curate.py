"""Writes a dataset: the accepted rows, their profile, and what is usual from one of their days to the next."""

import csv
import io

from noria.adapters import objects
from noria.data import split
from noria.data.contract import DataContract
from noria.kernel.json import Json
from noria.profile import baseline
from noria.profile.baseline import profile_rows

CSV, PROFILE = "text/csv", "application/octet-stream"


def curate_dataset(event: Json) -> Json:
    """Write the accepted rows to `<folder>data.csv` with their profiles, those set aside to `<folder>set-aside.csv`.

    Args:
        event: `{bucket, key, version, folder, spec}`
    """
    spec, folder = event["spec"], event["folder"]
    pieces = objects.chunks(event["bucket"], event["key"], event["version"])
    good, bad = split.curate(pieces, DataContract.of(spec["data"]), spec["target"])
    keep(event["bucket"], folder, good, spec["data"]["time"])
    if bad:
        objects.write(event["bucket"], f"{folder}set-aside.csv", bad.encode(), CSV)
    return {"location": f"{folder}data.csv"}


def keep(bucket: str, folder: str, text: str, time: str | None) -> None:
    """Write a dataset: its rows, its profile, and the profiles of its blocks of time."""
    objects.write(bucket, f"{folder}data.csv", text.encode(), CSV)
    header, *rows = list(csv.reader(io.StringIO(text, newline="")))
    whole = profile_rows(header, rows, time)
    objects.write(bucket, f"{folder}data.profile", whole.to_bytes(), PROFILE)
    parts = baseline.blocks(header, rows, time, whole) if time else []
    objects.write(bucket, f"{folder}blocks.profile", baseline.packed(parts), PROFILE)
