"""A backtest of operations: a labelled history in the order of its times, through the decisions that run in production.

What is simulated is the passing of time alone. Training and predicting are done by the given trainer, and everything that is
decided (whether quality has fallen, whether to train again, on which rows, whether the candidate is better) is decided by
the same functions that decide in production.
"""

import time as clock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from noria.data import split
from noria.data.contract import DataContract
from noria.data.policy import MOST_BYTES
from noria.healing import backtest
from noria.healing import policy as healing
from noria.healing.history import History
from noria.kernel.errors import ContractError, EvaluationError
from noria.kernel.json import Json
from noria.kernel.verdict import Reason
from noria.preprocessing import fitting, inference
from noria.preprocessing.transform import Transform
from noria.training import policy, quality, score_holdout
from noria.training.gates import gates_of, watched_metric
from noria.training.importance import importance
from noria.training.metrics import label
from noria.training.metrics import quality as metrics_of

DAY = 86_400.0
CSV = "text/csv"
#: Fewer rows of a window tell no metric.
LEAST_ROWS = 20


class Trainer(Protocol):
    """Trains and predicts as the user's scripts do."""

    def fit(self, train: str) -> str:
        """Train on CSV rows with a header; a name for the model."""

    def predict(self, model: str, features: str) -> list[str]:
        """The prediction of each CSV row without a header."""


@dataclass
class Serving:
    """A version that serves, and what is known of it since."""

    model: str
    trained_until: float
    trained_rows: int
    level: quality.QualityBaseline
    target: float
    seconds: float
    importance: dict[str, float] | None
    days: dict[str, dict[str, float]] = field(default_factory=dict)
    drifted: int = 0


@dataclass
class Course:
    """What became of a model: its metric by window, and what was done."""

    series: list[float | None] = field(default_factory=list)
    retrainings: list[Json] = field(default_factory=list)
    alarms: list[Json] = field(default_factory=list)
    seconds: float = 0.0
    waited: dict[str, Json] = field(default_factory=dict)

    def wait(self, reasons: Sequence[Reason]) -> None:
        """A window after which there was a cause, and nothing was trained."""
        for reason in reasons:
            result = self.waited.setdefault(reason.code, {"reason": reason.code, "windows": 0})
            result["windows"], result["last"] = result["windows"] + 1, reason.text

    def to_json(self) -> Json:
        records = [value for value in self.series if value is not None]
        return {
            "mean": sum(records) / len(records) if records else None,
            "series": self.series,
            "retrainings": len(self.retrainings),
            "alarms": len(self.alarms),
            "train_seconds": round(self.seconds, 2),
            "events": sorted([*self.alarms, *self.retrainings], key=lambda event: str(event["time"])),
            "waited": list(self.waited.values()),
        }


#: Whether the rows of a window have drifted from those that a version was trained on (`ok`, `drift`, `incident`, `undecided`), and
#: the columns that have.
DriftCheck = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]]], tuple[str, list[str]]]


class Replay:
    """Plays one history; the frozen and the always retrained course are the same for every policy.

    Args:
        spec: a published document.
        first: until when the first version's rows reach (seconds since the epoch).
        window: how long one is (seconds).
    """

    def __init__(self, spec: Json, result: History, trainer: Trainer, first: float, window: float, drift: DriftCheck | None = None) -> None:
        self._spec, self._history, self._trainer, self._drift = spec, result, trainer, drift
        self._contract, self._target, self._task = DataContract.of(spec["data"]), spec["target"], spec["task"]
        self._metric = watched_metric(spec)
        self._features = [result.header.index(name) for name in self._contract.features(self._target)]
        self._aim = result.header.index(self._target)
        self.windows = self._cut(first, window)
        if not self.windows:
            raise ContractError("nothing of the history comes after the rows of the first version: name an earlier end of its training")
        if (most := max(rows.stop - rows.start for rows in self._rows())) < LEAST_ROWS:
            raise ContractError(f"no window has {LEAST_ROWS} rows, the largest has {most}: name longer windows, or bring more history")
        self._transforms: dict[str, Transform] = {}
        self._initial = self._run(None, result.between(None, first), None)

    def _cut(self, first: float, window: float) -> list[tuple[float, float]]:
        last, result, begin = self._history.times[-1], [], first
        while begin <= last:
            result.append((begin, begin + window))
            begin += window
        return result

    def frozen(self) -> Json:
        """The first version for ever."""
        return Course([self._told(self._answers(self._initial[0].model, rows), rows) for rows in self._rows()]).to_json()

    def every_window(self, recent: float | None) -> Json:
        """Trained anew before every window but the first, on all rows or the recent ones (seconds); released whatever it is like."""
        course, model = Course(), self._initial[0].model
        for number, ((begin, _), rows) in enumerate(zip(self.windows, self._rows(), strict=True)):
            known = self._history.fitting(self._history.between(None if recent is None else begin - recent, begin), MOST_BYTES)
            if number and rows.stop > rows.start and known.stop - known.start >= LEAST_ROWS:
                started = clock.monotonic()
                model = self._fit(self._history.rows[known])
                course.seconds += clock.monotonic() - started
                course.retrainings.append({"time": _iso(begin), "what": "retrained"})
            course.series.append(self._told(self._answers(model, rows), rows))
        return course.to_json()

    def managed(self, rule: healing.Policy) -> Json:
        """What Noria would have done."""
        course, attempts, held = Course(), list[healing.Attempt](), list[slice]()
        serving, report = replace(self._initial[0], days={}, drifted=0), set[str]()
        for (_, end), rows in zip(self.windows, self._rows(), strict=True):
            answers = self._answers(serving.model, rows)
            course.series.append(self._told(answers, rows))
            self._count(serving, rows, answers)
            causes, weight = self._causes(serving, rows, end, course, report, held)
            if not causes:
                continue
            now = datetime.fromtimestamp(end, UTC)
            known = self._history.between(None, end)
            fresh = known.stop - self._history.between(None, serving.trained_until).stop
            state = healing.State(now, tuple(causes), fresh, serving.trained_rows, attempts, weight=weight, training_seconds=serving.seconds)
            decision = healing.decide(rule, state)
            if decision.verdict.outcome == healing.ASK and "ask" not in report:
                report.add("ask")
                course.alarms.append({"time": _iso(end), "what": decision.verdict.reasons[0].text})
            if decision.verdict.outcome != healing.RETRAIN:
                course.wait(decision.verdict.reasons)
                continue
            since = self._since(rule, end)
            candidate, verdict = self._run(serving.model, self._history.between(since, end), held)
            course.seconds += candidate.seconds
            better = verdict == policy.PASSED
            attempts.append(healing.Attempt(now, healing.IMPROVED if better else healing.NO_IMPROVEMENT, candidate.seconds))
            course.retrainings.append({"time": _iso(end), "what": "retrained" if better else "retrained, and not better"})
            if better:
                candidate.target = quality.best_of(candidate.level.metric, candidate.target, serving.target)
                serving, report = candidate, set()
        return course.to_json()

    def _since(self, rule: healing.Policy, end: float) -> float | None:
        """From when on rows are trained on, as a healing would take them."""
        days, known = None if rule.data == "all" else rule.recent_days, self._history.between(None, end)
        if rule.data == "backtest":
            days = backtest.choose(self._contract, self._target, self._task, self._history.header, self._history.rows[known], rule.recent_days).days
        # A window may end long after its last row.
        return None if days is None else self._history.times[known.stop - 1] - days * DAY

    def _causes(self, serving: Serving, rows: slice, end: float, course: Course, records: set[str], held: list[slice]) -> tuple[list[str], float | None]:
        """Why this version should be looked at, each cause told once while it serves; and how much what has drifted matters to it."""
        request = self._spec["monitor"]["quality"]
        level = serving.level if request["at_least"] is None else replace(serving.level, limit=request["at_least"])
        finding = quality.detect_degradation(level, serving.days, request["margin"])
        # An earlier version of the same model was better: it may be healed, and that is no news to page for.
        stricter = replace(level, limit=serving.target)
        below_best = serving.target != serving.level.limit and quality.detect_degradation(stricter, serving.days, request["margin"]).fallen
        below = finding.fallen or below_best
        causes, weight = ["quality"] if below else [], None
        if self._drift and rows.stop - rows.start >= LEAST_ROWS:
            known = self._history.between(None, serving.trained_until)
            outcome, moved = self._drift(self._history.rows[known], self._history.rows[rows])
            if outcome == "incident":
                held.append(rows)
                causes = ["incident"]
            serving.drifted = serving.drifted + 1 if outcome == "drift" else 0
            if serving.drifted >= self._spec["monitor"]["persist"]:
                causes.append("drift")
                weight = sum(serving.importance.get(name, 0.0) for name in moved) if serving.importance else None
        for cause in (({"quality"} if finding.fallen else set()) | ({"incident"} & set(causes))) - records:
            records.add(cause)
            what = f"{self._metric} fell since {finding.since}" if cause == "quality" else "a feed broke"
            course.alarms.append({"time": _iso(end), "what": what})
        return [cause for cause in causes if cause != "incident"], weight

    def _run(self, champion: str | None, rows: slice, held: list[slice] | None) -> tuple[Serving, str]:
        """What a run does with the newest rows that a dataset may have: part off a holdout, train, compare on the holdout, judge."""
        rows = self._history.fitting(rows, MOST_BYTES)
        numbers = [i for i in range(rows.start, rows.stop) if not any(part.start <= i < part.stop for part in held or ())]
        chosen = [self._history.rows[i] for i in numbers]
        result = split.split(self._history.header, chosen, self._contract, self._target, self._spec["evaluate"]["split"])
        started = clock.monotonic()
        model = self._fit(result.train)
        seconds = clock.monotonic() - started
        answers = {"candidate": self._predict(model, result.holdout)}
        if champion:
            answers["champion"] = self._predict(champion, result.holdout)
        gates = gates_of(self._spec["evaluate"])
        compared = [{"metric": gate.metric, "confidence": gate.confidence} for gate in gates if gate.against]
        truth = score_holdout.lines(result.truth)
        evaluation = score_holdout.evaluate(self._task, truth, answers, compared, model, self._metric)
        verdict = policy.judge(evaluation, gates)
        if evaluation["level"] is None:
            raise EvaluationError(f"the holdout of {len(truth)} rows does not tell {self._metric}")
        until = self._history.times[rows.stop - 1] + 1e-6
        level = quality.QualityBaseline.of(evaluation["level"])
        matters = self._importance(model, answers["candidate"], result.shuffled) if self._drift else None
        return Serving(model, until, len(numbers), level, level.limit, seconds, matters), verdict.outcome if champion else policy.PASSED

    def _importance(self, model: str, answers: list[str], shuffled: str) -> dict[str, float] | None:
        names = self._contract.features(self._target)
        return importance(self._task, names, [[answer] for answer in answers], [[answer] for answer in self._predict(model, shuffled)])

    def _rows(self) -> Iterator[slice]:
        for begin, end in self.windows:
            yield self._history.between(begin, end)

    def _answers(self, model: str, rows: slice) -> list[str]:
        if rows.stop <= rows.start:
            return []
        return self._predict(model, split.written([[row[i] for i in self._features] for row in self._history.rows[rows]]))

    def _told(self, answers: list[str], rows: slice) -> float | None:
        if len(answers) < LEAST_ROWS:
            return None
        truth = [row[self._aim] for row in self._history.rows[rows]]
        return metrics_of(self._task, truth, answers)[self._metric]

    def _count(self, serving: Serving, rows: slice, answers: list[str]) -> None:
        for row, time, answer in zip(self._history.rows[rows], self._history.times[rows], answers, strict=True):
            kind = quality.outcome_of(self._task, label(row[self._aim]), label(answer), serving.level.cap)
            quality.count_outcome(serving.days, _iso(time)[:10], kind)

    def _fit(self, rows: list[list[str]]) -> str:
        """Train, on rows as a run prepares them."""
        header, block = self._history.header, self._spec["preprocess"]
        if not fitting.declared(block):
            return self._trainer.fit(split.written(rows, header))
        document, text = fitting.training_set(block, self._contract, self._target, header, rows)
        model = self._trainer.fit(text)
        self._transforms[model] = Transform(document)
        return model

    def _predict(self, model: str, features: str) -> list[str]:
        """Ask a version, through the container in front of it where it has one."""
        if transform := self._transforms.get(model):
            features, _ = inference.output_fn(transform.rows(inference.input_fn(features, CSV)), CSV)
        return self._trainer.predict(model, features)


def play(spec: Json, replayed: Replay, rules: dict[str, healing.Policy]) -> Json:
    """The report: `{metric, windows, managed, frozen, every_window, policies}`; `managed` is the first policy's course."""
    managed = {name: replayed.managed(rule) for name, rule in rules.items()}
    rule = next(iter(rules.values()))
    return {
        "metric": watched_metric(spec),
        "windows": [_iso(begin) for begin, _ in replayed.windows],
        "managed": next(iter(managed.values())),
        "frozen": replayed.frozen(),
        "every_window": replayed.every_window(None if rule.data == "all" else rule.recent_days * DAY),
        "policies": managed,
    }


def _iso(seconds: float) -> str:
    return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat(timespec="seconds")  # noqa: DTZ001 - told without a zone, as the data's own
