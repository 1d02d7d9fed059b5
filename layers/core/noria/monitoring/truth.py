"""Predictions out of captured traffic, ground truth out of files, and what becomes of them together.

Truth comes late, in part, twice, out of order, and sometimes before its prediction. It is joined by prediction id: the
InferenceId of the request, and for the n-th row of a request with several (from 0) the InferenceId, `#` and n. A file of truth
without a column `prediction_id` is joined by the key of the contract, its values put together by `|`: with the row that has this
key, or, where the endpoint is not sent the key columns, with the request that has it for its id. Ids and keys are names of two
kinds: one never stands for the other where both are known. What is predicted several times under one key counts once.
"""

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from noria.data.contract import DataContract
from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.values import EMPTY, is_time, parse_timestamp
from noria.release.captured_predictions import scored
from noria.training.metrics import label

ID, PREDICTION = "prediction_id", "prediction"
#: Between the values of a key of several columns; what a name begins with that is a key, and no id, which has no such character;
#: and the column of a file of predictions that has their keys.
SEPARATOR, KEYED, KEY = "|", "\0", "#key"
#: A truth may be of a time so far ahead of the clock.
AHEAD = timedelta(days=1)
#: Columns of a file that are named in a sentence, and characters of a name or a value.
MOST_NAMES, LONGEST_NAME = 20, 40
#: Why rows of a file are left out, and how many for each reason.
Faults = Counter[str]
UNEVEN = "another number of fields than the header"
#: In place of an endpoint's variant, of rows that a batch job has answered.
BATCH = "batch"
#: Rows of one file of answered rows.
MOST_ANSWERED = 100_000


@dataclass(frozen=True)
class Prediction:
    """One row that was predicted.

    Attributes:
        at: when, ISO 8601.
        variant: of the endpoint.
        features: the row as it was sent, in the contract's order.
        score: the probability that a classifier has answered with, or nothing.
        key: the values of the contract's key columns, or nothing where the row has not all of them.
    """

    id: str
    at: str
    variant: str
    value: str
    features: tuple[str, ...]
    score: str = ""
    key: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """What truth may call it: by its id, and by its key, for which the id stands where the row has none."""
        return names_of(self.id, self.key)


@dataclass(frozen=True)
class Truth:
    """What truly was.

    Attributes:
        id: one of the names of its prediction.
        columns: values of the other columns of the contract that the file names, its time and key for two.
    """

    id: str
    value: str
    columns: dict[str, str]


@dataclass
class Joined:
    """Predictions and truth that have met.

    Attributes:
        waiting: truth without a prediction yet.
        repeated: truth that was known already; `conflicting`: another value than the known one, which stays.
    """

    pairs: list[tuple[Prediction, Truth]] = field(default_factory=list)
    waiting: dict[str, Truth] = field(default_factory=dict)
    repeated: int = 0
    conflicting: int = 0


def places(names: Sequence[str], contract: DataContract) -> tuple[int, ...]:
    """Where rows with these columns have their key; nothing where they have not all of it."""
    return tuple(names.index(name) for name in contract.key) if set(contract.key) <= set(names) else ()


def keyed(row: Sequence[str], at: tuple[int, ...]) -> str:
    """The key of a row."""
    return SEPARATOR.join(row[place] for place in at)


def names_of(name: str, key: str) -> tuple[str, str]:
    """What truth may call the prediction with this id and key; the id stands for a key that is not known."""
    return name, KEYED + (key or name)


def called(header: list[str], rows: Iterable[list[str]], names: set[str], contract: DataContract) -> Iterator[tuple[list[str], str]]:
    """Of rows whose first column is an id those with one of these names, with their keys."""
    at = (header.index(KEY),) if KEY in header else places(header, contract)
    by_key = any(name.startswith(KEYED) for name in names)
    for row in rows:
        if row[0] in names or (by_key and not names.isdisjoint(names_of(row[0], keyed(row, at)))):
            yield row, keyed(row, at)


def captured(text: str, variant: str, contract: DataContract, target: str) -> tuple[list[Prediction], int]:
    """The predictions in one file of captured traffic, and how many of its requests cannot be read."""
    names = contract.features(target)
    at_key = places(names, contract)
    results: list[Prediction] = []
    unreadable = 0
    for line in text.splitlines():
        try:
            report = json.loads(line)
            about, data = report["eventMetadata"], report["captureData"]
            rows = [tuple(row) for row in csv.reader(io.StringIO(data["endpointInput"]["data"], newline="")) if row]
            answers, at, name = scored(data["endpointOutput"]), about["inferenceTime"], about.get("inferenceId") or about["eventId"]
        except (ValueError, KeyError, TypeError, csv.Error):
            unreadable += 1
            continue
        if not rows or len(rows) != len(answers) or any(len(row) != len(names) for row in rows):
            unreadable += 1
            continue
        for number, (row, (answer, score)) in enumerate(zip(rows, answers, strict=True)):
            results.append(Prediction(f"{name}#{number}" if len(rows) > 1 else name, at, variant, answer, row, score, keyed(row, at_key)))
    return results, unreadable


def answered(header: list[str], rows: Iterable[list[str]], contract: DataContract, target: str, at: str, file: str) -> tuple[list[Prediction], Faults]:
    """The predictions in a file of rows that a batch job has answered, and why other rows cannot be read.

    Args:
        header: names the columns that the endpoint is sent, `prediction`, and maybe `probability` and `prediction_id`.
        file: its name, by which rows are called that have neither an id nor a key.

    Raises:
        UnreadableDatasetError: a column is missing, or there are too many rows.
    """
    features = contract.features(target)
    if missing := [name for name in (*features, PREDICTION) if name not in header]:
        raise UnreadableDatasetError(f"a file of answered rows needs the columns {', '.join(missing)}")
    at_key = places(header, contract)
    results: list[Prediction] = []
    faults: Faults = Counter()
    for number, row in enumerate(rows):
        if number >= MOST_ANSWERED:
            raise UnreadableDatasetError(f"a file of answered rows has more than {MOST_ANSWERED:,} of them; write several")
        if len(row) != len(header):
            faults[UNEVEN] += 1
            continue
        named, key = dict(zip(header, row, strict=True)), keyed(row, at_key)
        values = tuple(named[name] for name in features)
        results.append(Prediction(named.get(ID) or key or f"{file}#{number}", at, BATCH, named[PREDICTION], values, named.get("probability", ""), key))
    return results, faults


def parse_truths(
    header: list[str], rows: Iterable[list[str]], contract: DataContract, target: str, task: str, latest: float, faults: Faults
) -> Iterator[Truth]:
    """The truth in a file.

    Args:
        latest: a time after this one (seconds since the epoch), or before the epoch, is none.
        faults: takes why other rows tell none.

    Raises:
        UnreadableDatasetError: the file names neither the predictions nor the target.
    """
    by = [ID] if ID in header else list(contract.key)
    if target not in header or not by or not set(by) <= set(header):
        expected = f"{ID} (or {', '.join(contract.key)})" if contract.key else ID
        hint = "" if contract.key else "; without data.key in the spec of what serves, no other column names a prediction"
        known = ", ".join(name[:LONGEST_NAME] for name in header[:MOST_NAMES])
        raise UnreadableDatasetError(f"a file of truth has the columns {expected} and {target}; found: {known}{hint}")
    at = {name: header.index(name) for name in header}
    others = [name for name in contract.required(target) if name in at and name != target]
    kind, odd = "" if ID in header else KEYED, ""
    for row in rows:
        columns = {name: row[at[name]] for name in others} if len(row) == len(header) else {}
        if len(row) != len(header):
            faults[UNEVEN] += 1
        elif nameless := [name for name in by if not row[at[name]]]:
            faults[f"no {nameless[0]}"] += 1
        elif row[at[target]] in EMPTY:
            faults[f"no {target}"] += 1
        elif not _tells(task, row[at[target]]):
            odd = odd or f"a {target} that is none, such as {row[at[target]][:LONGEST_NAME]!r}"
            faults[odd] += 1
        elif contract.time in columns and not _is_possible(columns[str(contract.time)], latest):
            faults[f"a {contract.time} that is no time, or one to come"] += 1
        else:
            yield Truth(kind + SEPARATOR.join(row[at[name]] for name in by), row[at[target]], columns)


def _tells(task: str, value: str) -> bool:
    """Whether a value can be what was true."""
    if task == "regression":
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return task != "binary" or label(value) in ("0", "1")


def _is_possible(value: str, latest: float) -> bool:
    return is_time(value) and 0 <= parse_timestamp(value) <= latest


def join(results: Iterable[Prediction], given: Iterable[Truth], waiting: Mapping[str, Truth], known: Mapping[str, str]) -> Joined:
    """Bring predictions and truth together.

    Args:
        results: predictions, old ones included.
        given: truth that is new, in the order in which it came; of several for one prediction the first one counts.
        waiting: truth that came before its prediction.
        known: the truth of predictions that have met theirs already, by each of their names.
    """
    joined, fresh = Joined(), dict(waiting)
    for truth in given:
        before = known.get(truth.id) or (fresh[truth.id].value if truth.id in fresh else None)
        if before is None:
            fresh[truth.id] = truth
        elif before == truth.value:
            joined.repeated += 1
        else:
            joined.conflicting += 1
    for prediction in results:
        named = [fresh.pop(name) for name in prediction.names if name in fresh]
        if named and prediction.id not in known:
            joined.pairs.append((prediction, named[0]))
            # Told by its id and by its key.
            again = sum(truth.value == named[0].value for truth in named[1:])
            joined.repeated, joined.conflicting = joined.repeated + again, joined.conflicting + len(named) - 1 - again
    joined.waiting = fresh
    return joined
