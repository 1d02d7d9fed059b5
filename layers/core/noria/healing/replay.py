"""A backtest of operations: a labelled history in the order of its times, through the decisions of production.

Only the passing of time is simulated. The given trainer trains and predicts; the functions of production decide whether quality has
fallen, whether to retrain, on which rows, and whether the candidate is better.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from noria.data.contract import DataContract
from noria.data.csv_text import to_csv
from noria.data.policy import MOST_ASSEMBLED
from noria.healing import backtest, policy
from noria.healing.course import Course, Serving
from noria.healing.simulated_run import RunSimulator, Trainer
from noria.kernel.errors import ContractError
from noria.monitoring.causes import DRIFT, INCIDENT
from noria.training import quality
from noria.training.metrics import label, measure

if TYPE_CHECKING:
    from noria.healing.history import History
    from noria.healing.shapes import CourseShape, ReplayReport
    from noria.kernel.published_spec import PublishedSpec

DAY = 86_400.0
#: Fewer rows of a window tell no metric.
LEAST_ROWS = 20
#: The verdict on rows of a window against those that a version was trained on (`noria.monitoring.drift`), and the drifted columns.
DriftCheck = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]]], tuple[str, list[str]]]


@dataclass
class _Managed:
    """The state of a managed course.

    Attributes:
        incidents: rows of windows with a broken feed.
        reported: causes that were alarmed about since the last release.
    """

    serving: Serving
    course: Course = field(default_factory=Course)
    attempts: list[policy.Attempt] = field(default_factory=list)
    incidents: list[slice] = field(default_factory=list)
    reported: set[str] = field(default_factory=set)

    def alarm(self, cause: str, time: str, what: str) -> None:
        """Raise an alarm; one a cause and release."""
        if cause not in self.reported:
            self.reported.add(cause)
            self.course.alarms.append({"time": time, "what": what})


class Replay:
    """Plays one history; the frozen and the always retrained course are the same for every policy.

    Args:
        first: the end of the first version's rows (seconds since the epoch).
        window: its length (seconds).
    """

    def __init__(self, spec: PublishedSpec, history: History, trainer: Trainer, first: float, window: float, drift: DriftCheck | None = None) -> None:
        self._spec, self._history, self._drift = spec, history, drift
        self._contract, self._target, self._task = DataContract.of(spec["data"]), spec["target"], spec["task"]
        self._features = [history.header.index(name) for name in self._contract.features(self._target)]
        self._aim = history.header.index(self._target)
        self.windows = self._cut(first, window)
        if not self.windows:
            raise ContractError("nothing of the history comes after the rows of the first version: name an earlier end of its training")
        if (most := max(rows.stop - rows.start for rows in self._rows())) < LEAST_ROWS:
            raise ContractError(f"no window has {LEAST_ROWS} rows, the largest has {most}: name longer windows, or bring more history")
        self._runs = RunSimulator(spec, history, trainer, weighs=drift is not None)
        self.metric = self._runs.metric
        self._initial, _ = self._runs.run(None, history.between(None, first))

    def _cut(self, first: float, window: float) -> list[tuple[float, float]]:
        last, windows, begin = self._history.times[-1], [], first
        while begin <= last:
            windows.append((begin, begin + window))
            begin += window
        return windows

    def frozen(self) -> CourseShape:
        """The first version for ever."""
        return Course([self._measure(self._predict(self._initial.model, rows), rows) for rows in self._rows()]).to_json()

    def every_window(self, recent: float | None) -> CourseShape:
        """A retraining before every window but the first, on all rows or the recent ones (seconds), released without gates."""
        course, model = Course(), self._initial.model
        for number, ((begin, _), rows) in enumerate(zip(self.windows, self._rows(), strict=True)):
            known = self._history.fitting(self._history.between(None if recent is None else begin - recent, begin), MOST_ASSEMBLED)
            if number and rows.stop > rows.start and known.stop - known.start >= LEAST_ROWS:
                started = clock.monotonic()
                model = self._runs.fit(self._history.rows[known])
                course.seconds += clock.monotonic() - started
                course.retrainings.append({"time": _iso(begin), "what": "retrained"})
            course.series.append(self._measure(self._predict(model, rows), rows))
        return course.to_json()

    def managed(self, rule: policy.Policy) -> CourseShape:
        """Noria's decisions by a policy."""
        state = _Managed(replace(self._initial, days={}, drifted_windows=0))
        for (_, end), rows in zip(self.windows, self._rows(), strict=True):
            predictions = self._predict(state.serving.model, rows)
            state.course.series.append(self._measure(predictions, rows))
            self._count(state.serving, rows, predictions)
            causes, weight = self._causes(state, rows, end)
            if causes:
                self._decide(state, rule, end, causes, weight)
        return state.course.to_json()

    def _decide(self, state: _Managed, rule: policy.Policy, end: float, causes: list[str], weight: float | None) -> None:
        """Decide at the end of a window with a cause for concern, and retrain where the policy says so."""
        serving, now = state.serving, datetime.fromtimestamp(end, UTC)
        fresh = self._history.between(None, end).stop - self._history.between(None, serving.trained_until).stop
        facts = policy.State(now, tuple(causes), fresh, serving.trained_rows, state.attempts, weight=weight, training_seconds=serving.seconds)
        verdict = policy.decide(rule, facts).verdict
        if verdict.outcome == policy.ESCALATE:
            state.alarm(policy.ESCALATE, _iso(end), verdict.reasons[0].text)
        if verdict.outcome == policy.RETRAIN:
            self._retrain(state, rule, end, now)
        else:
            state.course.defer(verdict.reasons)

    def _retrain(self, state: _Managed, rule: policy.Policy, end: float, now: datetime) -> None:
        rows = self._history.between(self._since(rule, end), end)
        candidate, improved = self._runs.run(state.serving.model, rows, state.incidents)
        state.course.seconds += candidate.seconds
        state.attempts.append(policy.Attempt(now, policy.IMPROVED if improved else policy.NO_IMPROVEMENT, candidate.seconds))
        state.course.retrainings.append({"time": _iso(end), "what": "retrained" if improved else "retrained, and not better"})
        if improved:
            candidate.best_limit = quality.best_of(candidate.baseline.metric, candidate.best_limit, state.serving.best_limit)
            state.serving, state.reported = candidate, set()

    def _since(self, rule: policy.Policy, end: float) -> float | None:
        """The begin of the training window; nothing for all rows."""
        days, known = None if rule.data == "all" else rule.recent_days, self._history.between(None, end)
        if rule.data == "backtest":
            days = backtest.choose(self._contract, self._target, self._task, self._history.header, self._history.rows[known], rule.recent_days).days
        # A window may end long after its last row.
        return None if days is None else self._history.times[known.stop - 1] - days * DAY

    def _causes(self, state: _Managed, rows: slice, end: float) -> tuple[list[str], float | None]:
        """The causes of a window, and the weight of its drift; alarms are raised."""
        rule, serving = self._spec["monitor"]["quality"], state.serving
        baseline = serving.baseline if rule["at_least"] is None else replace(serving.baseline, limit=rule["at_least"])
        finding = quality.detect_degradation(baseline, serving.days, rule["margin"])
        if finding.fallen:
            state.alarm(policy.QUALITY, _iso(end), f"{self.metric} fell since {finding.since}")
        # An earlier version was better: a reason to retrain, without an alarm.
        stricter = replace(baseline, limit=serving.best_limit)
        is_below_best = serving.best_limit != serving.baseline.limit and quality.detect_degradation(stricter, serving.days, rule["margin"]).fallen
        verdict, weight = self._check_drift(state, rows)
        if verdict == INCIDENT:
            state.alarm(INCIDENT, _iso(end), "a feed broke")
        # While a feed is broken, wrong predictions are its fault.
        degraded = [policy.QUALITY] if (finding.fallen or is_below_best) and verdict != INCIDENT else []
        is_drift = verdict is not None and serving.drifted_windows >= self._spec["monitor"]["persist"]
        return [*degraded, *([policy.DRIFT] if is_drift else [])], weight if is_drift else None

    def _check_drift(self, state: _Managed, rows: slice) -> tuple[str | None, float | None]:
        """The verdict on a window's inputs, and the share of the permutation importance in drifted columns; nothing for too few rows."""
        if not self._drift or rows.stop - rows.start < LEAST_ROWS:
            return None, None
        serving = state.serving
        known = self._history.between(None, serving.trained_until)
        verdict, columns = self._drift(self._history.rows[known], self._history.rows[rows])
        if verdict == INCIDENT:
            state.incidents.append(rows)
        serving.drifted_windows = serving.drifted_windows + 1 if verdict == DRIFT else 0
        return verdict, sum(serving.importance.get(name, 0.0) for name in columns) if serving.importance else None

    def _rows(self) -> Iterator[slice]:
        for begin, end in self.windows:
            yield self._history.between(begin, end)

    def _predict(self, model: str, rows: slice) -> list[str]:
        if rows.stop <= rows.start:
            return []
        return self._runs.predict(model, to_csv([[row[i] for i in self._features] for row in self._history.rows[rows]]))

    def _measure(self, predictions: list[str], rows: slice) -> float | None:
        if len(predictions) < LEAST_ROWS:
            return None
        truth = [row[self._aim] for row in self._history.rows[rows]]
        return measure(self._task, truth, predictions)[self.metric]

    def _count(self, serving: Serving, rows: slice, predictions: list[str]) -> None:
        for row, time, prediction in zip(self._history.rows[rows], self._history.times[rows], predictions, strict=True):
            outcome = quality.outcome_of(self._task, label(row[self._aim]), label(prediction), serving.baseline.cap)
            quality.count_outcome(serving.days, _iso(time)[:10], outcome)


def play(spec: PublishedSpec, replayed: Replay, rules: dict[str, policy.Policy]) -> ReplayReport:
    """The report; `managed` is the first policy's course."""
    managed = {name: replayed.managed(rule) for name, rule in rules.items()}
    rule = next(iter(rules.values()))
    return {
        "metric": replayed.metric,
        "windows": [_iso(begin) for begin, _ in replayed.windows],
        "managed": next(iter(managed.values())),
        "frozen": replayed.frozen(),
        "every_window": replayed.every_window(None if rule.data == "all" else rule.recent_days * DAY),
        "policies": managed,
    }


def _iso(seconds: float) -> str:
    return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat(timespec="seconds")  # noqa: DTZ001 - without a zone, as the data's own
