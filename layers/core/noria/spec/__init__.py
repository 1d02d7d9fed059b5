"""The model spec: everything that a model's owner writes in `model.yaml`."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from noria.data.contract import MODEL_NAME, TEXT_TYPES
from noria.spec.approve import ApproveSpec
from noria.spec.data import DataSpec
from noria.spec.evaluate import EvaluateSpec
from noria.spec.fields import CROSS_FIELD
from noria.spec.heal import HealSpec
from noria.spec.monitor import MonitorSpec
from noria.spec.preprocess import PreprocessSpec
from noria.spec.rollout import RolloutSpec
from noria.spec.serve import ServeSpec
from noria.spec.train import TrainSpec
from noria.training.metrics import names, stand_in


class ModelSpec(BaseModel):
    """A model project's declaration, complete with defaults for all but its first block."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, title="Noria model spec")

    name: str = Field(
        pattern=rf"^{MODEL_NAME.pattern}$",
        description="lower-case letters, digits and dashes inside, at most 24; part of resource names",
    )
    task: Literal["binary", "multiclass", "regression"]
    target: str = Field(min_length=1, description="the column that is predicted")
    data: DataSpec
    preprocess: PreprocessSpec = PreprocessSpec()
    train: TrainSpec = TrainSpec()
    evaluate: EvaluateSpec
    approve: ApproveSpec = ApproveSpec()
    serve: ServeSpec = ServeSpec()
    rollout: RolloutSpec = RolloutSpec()
    monitor: MonitorSpec = MonitorSpec()
    heal: HealSpec = HealSpec()

    @model_validator(mode="after")
    def _blocks_fit(self) -> Self:
        for field, fault in (*self._evaluation_faults(), *self._preprocessing_faults(), *self._monitoring_faults()):
            raise _wrong(field, fault)
        if not (set(self.data.columns) - {self.target}):
            raise _wrong("data.columns", "names nothing but the target; the model needs at least one column to predict from")
        return self

    def _evaluation_faults(self) -> Iterator[tuple[str, str]]:
        """Each field that does not fit, and why."""
        if self.evaluate.split.by == "time" and not self.data.time:
            yield "evaluate.split.by", "is time, and data.time names no column; name one, or split by random"
        column = self.data.columns.get(self.target)
        if self.task == "binary" and column and column.type in TEXT_TYPES:
            yield (
                "task",
                f"is binary, and {self.target} is of words, of which none is known to be the positive one: name it "
                "{type: boolean, words: {true: [yes], false: [no]}} with its own words, or name task: multiclass",
            )
        for name in self.evaluate.split.group:
            if name not in (*self.data.columns, *self.data.key):
                yield "evaluate.split.group", f"found {name}, expected columns of data.columns or data.key, which every file has"
        for number, gate in enumerate(self.evaluate.gates):
            if gate.metric not in names(self.task):
                yield f"evaluate.gates.{number}.metric", self._no_metric(gate.metric)

    def _preprocessing_faults(self) -> Iterator[tuple[str, str]]:
        by = self.evaluate.split.by
        if self.preprocess.lags and by != "time":
            yield "preprocess.lags", f"look back from the end of the training set, so evaluate.split.by must be time; found {by}"
        yield from self.preprocess.faults(self.data, self.target)

    def _monitoring_faults(self) -> Iterator[tuple[str, str]]:
        quality = self.monitor.quality
        if quality.metric and quality.metric not in names(self.task):
            yield "monitor.quality.metric", self._no_metric(quality.metric)
            return
        metric = quality.metric or self.evaluate.gates[0].metric
        if quality.at_least is not None and (other := stand_in(metric, self.task)) != metric:
            yield "monitor.quality.at_least", f"is a level of {metric}, in whose place {other} is watched: name monitor.quality.metric: {other}"

    def _no_metric(self, metric: str) -> str:
        return f"{metric} is not for a {self.task} task; those that are: {', '.join(names(self.task))}"


def _wrong(field: str, message: str) -> PydanticCustomError:
    """An error that spans blocks, with the field that its reader should look at."""
    return PydanticCustomError(CROSS_FIELD, "{message}", {"field": field, "message": message})
