"""Reads the files that have come since the last monitoring run: captured traffic, scored rows and ground truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data.dataset_file import read_texts
from noria.kernel import lake
from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.identity import digest
from noria.monitoring.predictions import Faults, Prediction, parse_captured, parse_scored
from noria.monitoring.truth import AHEAD, Truth, parse_truths
from noria.release.variants import CHALLENGER, MAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from noria.monitoring.monitoring_run import MonitoringRun
    from noria.monitoring.shapes import MonitoringState

#: A file of captured traffic may appear so long after the time in its name (minutes).
LATE = timedelta(minutes=10)
#: Files of captured traffic that one run reads; the next run reads the others.
MOST_FILES = 5_000
#: Once so many rows of files were read, the next run reads the other files.
MOST_ROWS = 200_000
#: Characters of a sentence on a file that cannot be read.
LONGEST_FAULT = 400


@dataclass
class NewRows:
    """What new files hold.

    Attributes:
        unreadable: requests and scored rows that are left out; `bad_truths`: rows of ground truth.
        faults: a sentence for each file and reason.
    """

    predictions: list[Prediction] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    unreadable: int = 0
    bad_truths: int = 0
    faults: list[str] = field(default_factory=list)


def read_new_files(run: MonitoringRun, state: MonitoringState) -> NewRows:
    """Read what is new, and remember it in the state."""
    new = NewRows()
    _read_captured(run, state, new)
    _read_scored(run, state, new)
    _read_truths(run, state, new)
    return new


def _read_captured(run: MonitoringRun, state: MonitoringState, new: NewRows) -> None:
    """Read captured traffic; the next run reads a file that appears late."""
    after = datetime.fromisoformat(state["after"] or run.event["release"]["time"]) - LATE
    read, remembered = set(state["read"]), list[str]()
    count, is_rest = 0, False
    for variant in (MAIN, CHALLENGER):
        folder, keys = lake.capture(run.event["endpoint"], variant), list[str]()
        for key in objects.keys(run.bucket, folder, f"{folder}{after:%Y/%m/%d/%H/%M-%S}"):
            if (name := digest(key)) not in read:
                if count >= MOST_FILES:
                    is_rest = True
                    continue
                count += 1
                keys.append(key)
            remembered.append(name)
        for body in objects.read_all(run.bucket, keys):
            predictions, unreadable = parse_captured(body.decode(errors="replace"), variant, run.contract, run.target)
            new.predictions += predictions
            new.unreadable += unreadable
    # The next run lists the rest from where this one has begun.
    state.update({"after": state["after"] if is_rest else run.event["now"], "read": remembered})


def _read_scored(run: MonitoringRun, state: MonitoringState, new: NewRows) -> None:
    """Read rows that batch jobs have scored."""

    def parse(key: str, header: list[str], rows: Iterator[list[str]]) -> tuple[list[Prediction], Faults]:
        return parse_scored(header, rows, run.contract, run.target, run.event["now"], key.rpartition("/")[2])

    predictions, unreadable = _read_files(run, lake.scored(run.event["model"]), state["scored"], new.faults, parse)
    new.predictions += predictions
    new.unreadable += unreadable


def _read_truths(run: MonitoringRun, state: MonitoringState, new: NewRows) -> None:
    """Read ground truth."""
    latest = (run.now + AHEAD).timestamp()

    def parse(_: str, header: list[str], rows: Iterator[list[str]]) -> tuple[list[Truth], Faults]:
        faults = Faults()
        return list(parse_truths(header, rows, run.contract, run.target, run.task, latest, faults)), faults

    new.truths, new.bad_truths = _read_files(run, lake.truth(run.event["model"]), state["truths"], new.faults, parse)
    if new.truths:
        state["last_truth"] = run.event["now"]


def _read_files[Row](
    run: MonitoringRun, folder: str, seen: list[str], faults: list[str], parse: Callable[[str, list[str], Iterator[list[str]]], tuple[list[Row], Faults]]
) -> tuple[list[Row], int]:
    """The rows of files that are new or were written anew, and how many rows or files are left out.

    Args:
        seen: digests of files that were read before; takes those of the files that are read now.
        faults: takes a sentence for each file and reason.
    """
    results: list[Row] = []
    known, bad = set(seen), 0
    for key, tag in objects.listed(run.bucket, folder):
        if (name := digest(key, tag)) in known:
            continue
        if len(results) >= MOST_ROWS:
            break
        seen.append(name)
        try:
            rows, counted = parse(key, *read_texts(objects.ObjectSource(run.bucket, key)))
        except UnreadableDatasetError as error:
            bad += 1
            faults.append(f"{key} cannot be read: {error}"[:LONGEST_FAULT])
            continue
        results += rows
        bad += counted.total()
        faults += [f"{key}: {count:,} rows with {why}"[:LONGEST_FAULT] for why, count in counted.most_common()]
    return results, bad
