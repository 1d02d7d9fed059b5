"""Reads what earlier monitoring runs have written: predictions that new ground truth names, and ground truth that is known."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.monitoring.monitoring_run import AT, LABELLED, PREDICTIONS
from noria.monitoring.predictions import KEY, Prediction, names_of, select_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noria.monitoring.monitoring_run import MonitoringRun
    from noria.monitoring.shapes import RecentRun

#: The first columns of a file of predictions; the features follow, and the key.
COLUMNS = ("#id", AT, "#variant", "#value")


def read_predictions(run: MonitoringRun, recent: Sequence[RecentRun], names: set[str]) -> list[Prediction]:
    """The predictions of earlier runs that have one of these names."""
    written = [earlier["run"] for earlier in recent if earlier["predictions"]]
    end = len(COLUMNS) + len(run.features)
    return [Prediction(row[0], row[1], row[2], row[3], tuple(row[len(COLUMNS) : end]), key=key) for row, key in _read_named(run, PREDICTIONS, written, names)]


def read_labels(run: MonitoringRun, recent: Sequence[RecentRun], names: set[str]) -> dict[str, str]:
    """The ground truth of predictions that earlier runs have labelled, by each of the predictions' names."""
    written = [earlier["run"] for earlier in recent if earlier["labelled"]]
    return {name: row[-1] for row, key in _read_named(run, LABELLED, written, names) for name in names_of(row[0], key)}


def _read_named(run: MonitoringRun, kind: str, written: Sequence[str], names: set[str]) -> Iterator[tuple[list[str], str]]:
    """Rows with one of these names, with their keys; memory does not hold all rows of a month."""
    keys = [run.path(kind, "csv", earlier) for earlier in written] if names else []
    for body in objects.read_all(run.bucket, keys):
        rows = csv.reader(io.StringIO(body.decode(), newline=""))
        yield from select_named(next(rows), rows, names, run.contract)


def prediction_rows(run: MonitoringRun, predictions: Sequence[Prediction]) -> list[list[str]]:
    """Predictions as rows of a file, its header first."""
    return [[*COLUMNS, *run.features, KEY], *([p.id, p.at, p.variant, p.value, *p.features, p.key] for p in predictions)]
