"""The `evaluate` block of a model spec."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from noria.spec.fields import FROZEN, INSTANCE, MetricName
from noria.training.metrics import METRICS


class SplitSpec(BaseModel):
    """How the holdout is split off the dataset."""

    model_config = FROZEN

    by: Literal["time", "random", "group"] = Field("time", description="the newest rows, rows drawn by their content, or whole groups of rows")
    group: tuple[str, ...] = Field((), description="group: columns whose values make one; no group is on both sides")
    test: float = Field(0.2, gt=0, lt=0.9, description="share of the rows; a holdout has at most 500,000")

    @model_validator(mode="after")
    def _group_fits(self) -> Self:
        if (self.by == "group") != bool(self.group):
            raise ValueError("by: group and group: [column, …] go together")
        return self


class Gate(BaseModel):
    """A requirement on a candidate: a fixed limit of a metric, or a gain over the champion on the same rows."""

    model_config = FROZEN

    metric: MetricName
    at_least: float | None = None
    at_most: float | None = None
    against: Literal["champion"] | None = None
    margin: float = Field(0.0, description="against the champion: by how much the candidate must be better; negative forgives")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="against the champion: of the one-sided bound that must reach the margin")

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if sum(limit is not None for limit in (self.at_least, self.at_most, self.against)) != 1:
            raise ValueError("a gate has exactly one of at_least, at_most and against")
        lowest, highest = METRICS[self.metric].lowest, METRICS[self.metric].highest
        if highest is not None and (self.at_least or 0) > highest:
            raise ValueError(f"{self.metric} is never above {highest:g}, so no model reaches at_least: {self.at_least:g}")
        if lowest is not None and self.at_most is not None and self.at_most < lowest:
            raise ValueError(f"{self.metric} is never below {lowest:g}, so no model reaches at_most: {self.at_most:g}")
        return self


class EvaluateSpec(BaseModel):
    """The `evaluate` block."""

    model_config = FROZEN

    instance: str = Field("ml.m5.large", pattern=INSTANCE, description="of the batch transforms that answer the holdout; fewer types than an endpoint's")
    split: SplitSpec = SplitSpec()
    gates: tuple[Gate, ...] = Field(min_length=1)
