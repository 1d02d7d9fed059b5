"""Ground truth out of files, and its join with predictions.

Ground truth comes late, in part, twice, out of order, and sometimes before its prediction. It names a prediction by its id or, in a
file without a column `prediction_id`, by its key (`noria.monitoring.predictions`). Ids and keys are names of two kinds: one never
stands for the other where both are known. Several predictions with one key count once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from noria.kernel.errors import UnreadableDatasetError
from noria.kernel.values import EMPTY, is_time, parse_timestamp
from noria.monitoring.predictions import ID, KEYED, SEPARATOR, UNEVEN, Faults, Prediction
from noria.training.metrics import label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from noria.data.contract import DataContract

#: Ground truth may be of a time so far ahead of the clock.
AHEAD = timedelta(days=1)
#: Columns of a file that a message names, and characters of a name or a value.
MOST_NAMES, LONGEST_NAME = 20, 40


@dataclass(frozen=True)
class Truth:
    """The true value of one prediction.

    Attributes:
        id: one of the names of its prediction.
        columns: values of the other columns of the contract that the file has, its time and key for two.
    """

    id: str
    value: str
    columns: dict[str, str]


@dataclass
class Joined:
    """Predictions with their ground truth.

    Attributes:
        waiting: ground truth without a prediction yet, by name.
        repeated: ground truth that is known already; `conflicting`: another value than the known one, which stays.
    """

    pairs: list[tuple[Prediction, Truth]] = field(default_factory=list)
    waiting: dict[str, Truth] = field(default_factory=dict)
    repeated: int = 0
    conflicting: int = 0


def parse_truths(
    header: list[str], rows: Iterable[list[str]], contract: DataContract, target: str, task: str, latest: float, faults: Faults
) -> Iterator[Truth]:
    """The ground truth in a file.

    Args:
        latest: a time after this one (seconds since the epoch), or before the epoch, is none.
        faults: takes the rows that are left out, by why.

    Raises:
        UnreadableDatasetError: the file names neither the predictions nor the target.
    """
    by = [ID] if ID in header else list(contract.key)
    if target not in header or not by or not set(by) <= set(header):
        raise UnreadableDatasetError(_expected_columns(header, contract, target))
    at, kind = {name: header.index(name) for name in header}, "" if ID in header else KEYED
    others = [name for name in contract.required(target) if name in at and name != target]
    check = _RowCheck(target, task, contract.time if contract.time in others else None, latest, contract.times_are)
    words = _words(contract, target)
    for row in rows:
        even = len(row) == len(header)
        named = {name: row[at[name]] for name in (*by, target, *others)} if even else {}
        if even:
            named[target] = words.get(named[target].strip(), named[target])
        fault = check.fault(named, by) if even else UNEVEN
        if fault:
            faults[fault] += 1
        else:
            yield Truth(kind + SEPARATOR.join(named[name] for name in by), named[target], {name: named[name] for name in others})


def _words(contract: DataContract, target: str) -> dict[str, str]:
    """A contract's own words of a target's truth values, as training and predictions have them."""
    column = contract.columns.get(target)
    pairs = (("true", "1"), ("false", "0")) if column and column.words else ()
    return {word: truth for name, truth in pairs for word in column.words[name]}  # type: ignore[union-attr, index]


def _expected_columns(header: list[str], contract: DataContract, target: str) -> str:
    expected = f"{ID} (or {', '.join(contract.key)})" if contract.key else ID
    hint = "" if contract.key else "; without data.key in the spec of what serves, no other column names a prediction"
    known = ", ".join(name[:LONGEST_NAME] for name in header[:MOST_NAMES])
    return f"a file of truth has the columns {expected} and {target}; found: {known}{hint}"


@dataclass
class _RowCheck:
    """Why rows of a file hold no ground truth."""

    target: str
    task: str
    time: str | None
    latest: float
    form: str | None = None
    #: All values of the target that are none count under the first one.
    example: str = ""

    def fault(self, row: Mapping[str, str], by: Iterable[str]) -> str | None:
        if nameless := [name for name in by if not row[name]]:
            return f"no {nameless[0]}"
        if row[self.target] in EMPTY:
            return f"no {self.target}"
        if not _is_value(self.task, row[self.target]):
            self.example = self.example or f"a {self.target} that is none, such as {row[self.target][:LONGEST_NAME]!r}"
            return self.example
        if self.time and self.time in row and not _is_possible(row[self.time], self.latest, self.form):
            return f"a {self.time} that is no time, or one to come"
        return None


def _is_value(task: str, value: str) -> bool:
    """Whether a text is a value of the task's target."""
    if task == "regression":
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return task != "binary" or label(value) in ("0", "1")


def _is_possible(value: str, latest: float, form: str | None) -> bool:
    return is_time(value, form) and 0 <= parse_timestamp(value, form) <= latest


def join(predictions: Iterable[Prediction], truths: Iterable[Truth], waiting: Mapping[str, Truth], known: Mapping[str, str]) -> Joined:
    """Join predictions with ground truth.

    Args:
        predictions: earlier ones included.
        truths: new ground truth, in the order of its arrival; of several for one prediction the first one counts.
        waiting: ground truth that came before its prediction.
        known: the ground truth of predictions that have theirs already, by each of their names.
    """
    joined = Joined(waiting=dict(waiting))
    for truth in truths:
        before = known.get(truth.id) or (joined.waiting[truth.id].value if truth.id in joined.waiting else None)
        if before is None:
            joined.waiting[truth.id] = truth
        elif before == truth.value:
            joined.repeated += 1
        else:
            joined.conflicting += 1
    for prediction in predictions:
        _join_prediction(joined, prediction, known)
    return joined


def _join_prediction(joined: Joined, prediction: Prediction, known: Mapping[str, str]) -> None:
    named = [joined.waiting.pop(name) for name in prediction.names if name in joined.waiting]
    if named and prediction.id not in known:
        joined.pairs.append((prediction, named[0]))
        # One file may name it by its id, another one by its key.
        again = sum(truth.value == named[0].value for truth in named[1:])
        joined.repeated, joined.conflicting = joined.repeated + again, joined.conflicting + len(named) - 1 - again
