"""The training and evaluation blocks of a model spec."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Task = Literal["binary", "multiclass", "regression"]
Metric = Literal["accuracy", "f1", "precision", "recall", "mae", "rmse", "r2"]
Frozen = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
INSTANCE = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
ENTRY = r"^[\w][\w./-]*\.py$"
#: The type of an error that spans blocks; its context names the `field` to look at.
CROSS_FIELD = "cross_field"
#: Metrics that no model takes beyond 1.
AT_MOST_1 = ("accuracy", "f1", "precision", "recall", "r2")


class Instance(BaseModel):
    """What a job runs on."""

    model_config = Frozen

    type: str = Field("ml.m5.large", pattern=INSTANCE)
    count: int = Field(1, ge=1, le=20)
    volume_gb: int = Field(10, ge=1, le=16384)
    spot: bool = False


class TrainSpec(BaseModel):
    """The `train` block."""

    model_config = Frozen

    image: str = Field("sklearn", description="a framework (sklearn, xgboost), one with its version (sklearn:1.9-0), or an image URI")
    entry: str = Field("train.py", pattern=ENTRY)
    instance: Instance = Instance()
    hyperparameters: dict[str, str | int | float | bool] = {}
    max_minutes: float = Field(60, gt=0, le=720, description="a training job that runs longer is stopped; twelve hours at most")
    on_upload: bool = Field(True, description="whether an accepted dataset starts a run")


class SplitSpec(BaseModel):
    """How the holdout is parted off."""

    model_config = Frozen

    by: Literal["time", "random", "group"] = Field("time", description="the newest rows, rows drawn by their content, or whole groups of rows")
    group: tuple[str, ...] = Field((), description="group: columns whose values make one; no group is on both sides")
    test: float = Field(0.2, gt=0, lt=0.9)

    @model_validator(mode="after")
    def _group_fits(self) -> Self:
        if (self.by == "group") != bool(self.group):
            raise ValueError("by: group and group: [column, …] go together")
        return self


class Gate(BaseModel):
    """What a candidate must reach: a fixed limit, or the champion's value on the same rows."""

    model_config = Frozen

    metric: Metric
    at_least: float | None = None
    at_most: float | None = None
    against: Literal["champion"] | None = None
    margin: float = Field(0.0, description="against the champion: by how much the candidate must be better; negative forgives")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="against the champion: of the one-sided bound that must reach the margin")

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if sum(limit is not None for limit in (self.at_least, self.at_most, self.against)) != 1:
            raise ValueError("a gate has exactly one of at_least, at_most and against")
        if self.metric in AT_MOST_1 and (self.at_least or 0) > 1:
            raise ValueError(f"{self.metric} is never above 1, so no model reaches at_least: {self.at_least:g}")
        if self.metric != "r2" and self.at_most is not None and self.at_most < 0:
            raise ValueError(f"{self.metric} is never below 0, so no model reaches at_most: {self.at_most:g}")
        return self


class EvaluateSpec(BaseModel):
    """The `evaluate` block."""

    model_config = Frozen

    instance: str = Field("ml.m5.large", pattern=INSTANCE, description="of the batch transforms that answer the holdout; fewer types than an endpoint's")
    split: SplitSpec = SplitSpec()
    gates: tuple[Gate, ...] = Field(min_length=1)
