"""A run of a replay: splits, trains, compares with the champion and judges by the functions of production."""

from __future__ import annotations

import time as clock
from typing import TYPE_CHECKING, Protocol

from noria.data import split
from noria.data.contract import DataContract
from noria.data.csv_text import to_csv
from noria.data.policy import MOST_ASSEMBLED
from noria.healing.course import Serving
from noria.kernel.errors import EvaluationError
from noria.preprocessing import fitting, inference
from noria.preprocessing.declaration import is_declared
from noria.preprocessing.transform import Transform
from noria.training import policy, quality
from noria.training.evaluation import evaluate
from noria.training.gates import comparisons, gates_of, monitored_metric
from noria.training.importance import importance
from noria.training.predictions import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.healing.history import History
    from noria.kernel.published_spec import PublishedSpec
    from noria.training.shapes import Side

CSV = "text/csv"


class Trainer(Protocol):
    """Trains and predicts as the user's scripts do."""

    def fit(self, train: str) -> str:
        """Train on CSV rows with a header; a name for the model."""

    def predict(self, model: str, features: str) -> list[str]:
        """The prediction of each CSV row without a header."""


class RunSimulator:
    """Trains versions on rows of a history.

    Args:
        weighs: whether the permutation importance of each version is measured.
    """

    def __init__(self, spec: PublishedSpec, history: History, trainer: Trainer, weighs: bool) -> None:
        self._history, self._trainer, self._weighs = history, trainer, weighs
        self._spec = spec
        self._contract, self._target, self._task = DataContract.of(spec["data"]), spec["target"], spec["task"]
        self.metric = monitored_metric(spec)
        self._transforms: dict[str, Transform] = {}

    def run(self, champion: str | None, rows: slice, incidents: Sequence[slice] = ()) -> tuple[Serving, bool]:
        """Train on the newest of these rows that a dataset has room for; rows of incidents are left out.

        Returns:
            The candidate, and whether it passes the gates; without a champion it does.
        """
        rows = self._history.fitting(rows, MOST_ASSEMBLED)
        numbers = [i for i in range(rows.start, rows.stop) if not any(part.start <= i < part.stop for part in incidents)]
        parts = split.split(self._history.header, [self._history.rows[i] for i in numbers], self._contract, self._target, self._spec["evaluate"]["split"])
        started = clock.monotonic()
        model = self.fit(parts.train)
        seconds = clock.monotonic() - started
        predictions: dict[Side, list[str]] = {"candidate": self.predict(model, parts.holdout)}
        if champion:
            predictions["champion"] = self.predict(champion, parts.holdout)
        baseline, passed = self._evaluate(model, parts.truth, predictions)
        weights = self._importance(model, predictions["candidate"], parts.shuffled) if self._weighs else None
        until = self._history.times[rows.stop - 1] + 1e-6
        return Serving(model, until, len(numbers), baseline, baseline.limit, seconds, weights), passed or not champion

    def _evaluate(self, model: str, holdout: str, predictions: dict[Side, list[str]]) -> tuple[quality.QualityBaseline, bool]:
        """The candidate's quality baseline, and whether it passes the gates.

        Raises:
            EvaluationError: the holdout does not tell the metric.
        """
        gates, truth = gates_of(self._spec["evaluate"]), lines(holdout)
        evaluation = evaluate(self._task, truth, predictions, comparisons(gates), model, self.metric)
        if evaluation["quality_baseline"] is None:
            raise EvaluationError(f"the holdout of {len(truth)} rows does not tell {self.metric}")
        return quality.QualityBaseline.of(evaluation["quality_baseline"]), policy.judge(evaluation, gates).outcome == policy.PASSED

    def _importance(self, model: str, predictions: list[str], shuffled: str) -> dict[str, float] | None:
        names = self._contract.features(self._target)
        return importance(self._task, names, [[value] for value in predictions], [[value] for value in self.predict(model, shuffled)])

    def fit(self, rows: list[list[str]]) -> str:
        """Train, on rows as a run prepares them."""
        header, block = self._history.header, self._spec["preprocess"]
        if not is_declared(block):
            return self._trainer.fit(to_csv(rows, header))
        document, text = fitting.training_set(block, self._contract, self._target, header, rows)
        model = self._trainer.fit(text)
        self._transforms[model] = Transform(document)
        return model

    def predict(self, model: str, features: str) -> list[str]:
        """The predictions of a version, through the container in front of it where it has one."""
        if transform := self._transforms.get(model):
            features = inference.transformed(transform, features, CSV)
        return self._trainer.predict(model, features)
