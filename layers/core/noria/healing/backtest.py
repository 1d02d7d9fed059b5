"""Chooses the training window of a retraining by a backtest on the newest labelled rows.

For each of several test periods of the newest labelled time, a small learner is trained on the rows before it, of each window, and
predicts the period. The learner is an additive model (ridge regression on binned columns), not the user's: the backtest compares
windows, a changed world has changed for every learner, and the choice costs no training job.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from noria.data.contract import NUMERIC_TYPES
from noria.kernel.values import EMPTY, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.data.contract import DataContract
    from noria.training.shapes import BacktestShape

Floats = NDArray[np.float64]
DAY = 86_400.0
#: The candidate windows, as multiples of `heal.recent_days`; all rows are one as well.
PARTS = (2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
#: Test periods of the newest rows; and runs of consecutive rows that the paired difference is averaged over.
PERIODS, RUNS = 3, 30
#: Fewer rows train nothing; of more rows, or values of binned columns, than these, evenly spaced ones are taken.
LEAST_ROWS, MOST_ROWS, MOST_VALUES = 200, 60_000, 20_000_000
#: Bins of a number, categories of a word, classes of a target.
BINS, CATEGORIES, CLASSES = 16, 20, 10
RIDGE = 1.0


@dataclass(frozen=True)
class Comparison:
    """The evidence that a shorter window needs.

    Attributes:
        share: of the rows, the newest ones, that windows are compared on.
        certain: it must be better than a longer window by so many standard errors of the paired difference.
        least_gain: and by such a part of the loss.
    """

    share: float
    certain: float
    least_gain: float


#: A tenth of the rows shows finer differences; the newest fiftieth shows an abrupt change since, where it is plain.
COMPARISONS = (Comparison(0.1, 1.64, 0.02), Comparison(0.02, 3.0, 0.25))


@dataclass(frozen=True)
class Choice:
    """The window that a backtest chose.

    Attributes:
        days: how far back the rows reach from the newest one, or nothing for all of them.
        losses: the mean loss of each window by its days (`all` for all rows), on the rows that decided: the squared error of a
            regression as a share of the target's variance, or that of the class probabilities.
    """

    days: float | None
    losses: dict[str, float]

    def to_json(self) -> BacktestShape:
        return {"days": self.days, "losses": self.losses}


def choose(contract: DataContract, target: str, task: str, header: Sequence[str], rows: Sequence[Sequence[str]], recent_days: float) -> Choice:
    """Choose a window for good rows in the order of their times; `recent_days` where there are too few of them.

    A window of fewer rows than `data.min_rows` makes no dataset, and is no candidate.
    """
    assert contract.time is not None
    aim_at = list(header).index(target)
    if task == "regression":
        # A target that the contract does not name may be anything.
        rows = [row for row in rows if _finite(row[aim_at])]
    share = len(rows) and min(1.0, contract.min_rows / len(rows))
    most = min(MOST_ROWS, MOST_VALUES // (len(contract.columns) * CATEGORIES))
    if len(rows) > most:
        rows = [rows[number] for number in np.linspace(0, len(rows) - 1, most).astype(int)]
    time = list(header).index(contract.time)
    times = np.array([parse_timestamp(row[time], contract.times_are) for row in rows])
    windows = [None, *(part * recent_days for part in PARTS)]
    choice = Choice(recent_days, {})
    if len(rows) < LEAST_ROWS:
        return choice
    design = _design(contract, target, header, rows)
    aim = _aim(task, [row[aim_at] for row in rows])
    for comparison in COMPARISONS:
        losses = _losses_by_window(comparison, windows, times, design, aim, share)
        if windows[0] not in losses:
            continue
        best = _best(losses, comparison)
        if best != windows[0] or not choice.losses:
            choice = Choice(best, {"all" if window is None else f"{window:g}": round(float(loss.mean()), 6) for window, loss in losses.items()})
        # The next comparison can only shorten it.
        windows = windows[windows.index(best) :]
    return choice


def _losses_by_window(
    comparison: Comparison, windows: Sequence[float | None], times: Floats, design: Floats, aim: Floats, share: float
) -> dict[float | None, Floats]:
    """The error of each row of the test periods, by window; a window with too few rows before a period is left out."""
    size = int(len(times) * comparison.share / PERIODS)
    if size < LEAST_ROWS // PERIODS:
        return {}
    losses: dict[float | None, list[Floats]] = {window: [] for window in windows}
    for number in range(PERIODS):
        begin = len(times) - size * (PERIODS - number)
        period = slice(begin, begin + size)
        for window in windows:
            first = 0 if window is None else int(np.searchsorted(times, times[begin] - window * DAY))
            if begin - first >= LEAST_ROWS and len(times) - first >= share * len(times):
                losses[window].append(_loss(design[first:begin], aim[first:begin], design[period], aim[period]))
    return {window: np.concatenate(parts) for window, parts in losses.items() if len(parts) == PERIODS}


def _best(losses: dict[float | None, Floats], comparison: Comparison) -> float | None:
    """The longest window, unless a shorter one is clearly better."""
    chosen, *shorter = losses
    for window in shorter:
        # Consecutive rows are correlated: a run of them counts as one.
        gains = np.array([part.mean() for part in np.array_split(losses[chosen] - losses[window], RUNS)])
        error = float(gains.std(ddof=1)) / math.sqrt(RUNS)
        if float(gains.mean()) > max(comparison.certain * error, comparison.least_gain * float(losses[chosen].mean())):
            chosen = window
    return chosen


def _loss(design: Floats, aim: Floats, rows: Floats, truth: Floats) -> Floats:
    """The squared error of each test row after training on the others."""
    mean = aim.mean(axis=0)
    weights = np.linalg.solve(design.T @ design + RIDGE * np.eye(design.shape[1]), design.T @ (aim - mean))
    errors: Floats = ((truth - mean - rows @ weights) ** 2).sum(axis=1)
    return errors


def _design(contract: DataContract, target: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Floats:
    """Zeros and ones: of each column the bin or the category that a row is in."""
    parts = []
    for name in contract.features(target):
        values = [row[list(header).index(name)] for row in rows]
        numeric = contract.columns[name].type in (*NUMERIC_TYPES, "timestamp")
        parts.append(_indicators(*(_bins(values, contract.columns[name].format) if numeric else _categories(values, CATEGORIES))))
    return np.concatenate(parts, axis=1)


def _bins(values: Sequence[str], form: str | None = None) -> tuple[NDArray[np.int64], int]:
    """Of numbers, and of times the hour of the day; empty ones have a bin of their own."""
    numbers = np.array([np.nan if value in EMPTY else _number(value, form) for value in values])
    known = numbers[np.isfinite(numbers)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.array([])
    places = np.searchsorted(edges, numbers, side="right").astype(np.int64)
    places[~np.isfinite(numbers)] = len(edges) + 1
    return places, len(edges) + 2


def _finite(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _number(value: str, form: str | None) -> float:
    try:
        return float(value)
    except ValueError:
        return parse_timestamp(value, form) % DAY


def _categories(values: Sequence[str], most: int) -> tuple[NDArray[np.int64], int]:
    """The most frequent ones, and one place for all others."""
    often = [name for name, _ in Counter(values).most_common(most)]
    place = {name: number for number, name in enumerate(often)}
    return np.array([place.get(value, len(often)) for value in values], dtype=np.int64), len(often) + 1


def _aim(task: str, values: Sequence[str]) -> Floats:
    """The target as one column, or as one for each class."""
    if task == "regression":
        numbers = np.array([float(value) for value in values])
        return ((numbers - numbers.mean()) / (numbers.std() or 1.0))[:, None]
    return _indicators(*_categories(values, CLASSES))


def _indicators(places: NDArray[np.int64], count: int) -> Floats:
    result = np.zeros((len(places), count))
    result[np.arange(len(places)), places] = 1.0
    return result
