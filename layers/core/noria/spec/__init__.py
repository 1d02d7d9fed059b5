"""The model spec: all that a model's owner writes in `model.yaml`."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from noria.data.contract import MODEL_NAME
from noria.spec.data import DataSpec
from noria.spec.monitoring import HealSpec, MonitorSpec
from noria.spec.preprocessing import PreprocessSpec
from noria.spec.release import ApproveSpec, RolloutSpec, ServeSpec
from noria.spec.training import CROSS_FIELD, EvaluateSpec, TrainSpec
from noria.training.gates import METRICS, watched_metric
from noria.training.quality import watched


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
        if self.evaluate.split.by == "time" and not self.data.time:
            raise _wrong("evaluate.split.by", "is time, and data.time names no column; name one, or split by random")
        for number, gate in enumerate(self.evaluate.gates):
            if gate.metric not in METRICS[self.task]:
                told = f"{gate.metric} is not for a {self.task} task; those that are: {', '.join(METRICS[self.task])}"
                raise _wrong(f"evaluate.gates.{number}.metric", told)
        if self.monitor.quality.metric and self.monitor.quality.metric not in METRICS[self.task]:
            told = f"{self.monitor.quality.metric} is not for a {self.task} task; those that are: {', '.join(METRICS[self.task])}"
            raise _wrong("monitor.quality.metric", told)
        metric = watched_metric(self.model_dump(include={"monitor": {"quality"}, "evaluate": {"gates"}}))
        if self.monitor.quality.at_least is not None and watched(metric, self.task) != metric:
            told = f"is a level of {metric}, in whose place {watched(metric, self.task)} is watched: name monitor.quality.metric: {watched(metric, self.task)}"
            raise _wrong("monitor.quality.at_least", told)
        for name in self.evaluate.split.group:
            if name not in (*self.data.columns, *self.data.key):
                raise _wrong("evaluate.split.group", f"found {name}, expected columns of data.columns or data.key, which every file has")
        for field, told in self.preprocess.faults(self.data, self.target):
            raise _wrong(field, told)
        if not (set(self.data.columns) - {self.target}):
            raise _wrong("data.columns", "names nothing but the target; the model needs at least one column to predict from")
        return self


def _wrong(field: str, told: str) -> PydanticCustomError:
    """An error that spans blocks, with the field that its reader should look at."""
    return PydanticCustomError(CROSS_FIELD, "{told}", {"field": field, "told": told})
