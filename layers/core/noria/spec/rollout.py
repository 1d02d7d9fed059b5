"""The `rollout` block of a model spec: the strategy, and what its guard compares."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, Field, model_validator

from noria.release.analysis_plan import KINDS
from noria.release.strategies import LARGEST_STEP, STRATEGIES
from noria.spec.fields import FROZEN

if TYPE_CHECKING:
    StrategyName = str
else:
    # A type checker takes no computed literal.
    StrategyName = Literal[tuple(STRATEGIES)]

#: A state machine keeps 25,000 events, some 30 of each look, and 256 KiB of counters.
MOST_LOOKS, MOST_POINTS = 700, 6_000


class ErrorsSpec(BaseModel):
    """Comparison of the requests that a model fails."""

    model_config = FROZEN

    harm: float = Field(1.0, ge=1, le=10, description="a rate of more than this many times the champion's is harm")
    margin: float = Field(1.25, gt=1, le=10, description="a rate of at most this many times the champion's is no worse")
    tolerated: float | None = Field(0.01, gt=0, lt=1, description="a rate below this is good enough, whatever the champion's; null compares alone")


class SlowSpec(BaseModel):
    """Comparison of the requests that take too long."""

    model_config = FROZEN

    over_ms: float = Field(gt=0, description="a request that the model takes longer for is a slow one")
    harm: float = Field(1.0, ge=1, le=10, description="as for errors")
    margin: float = Field(1.25, gt=1, le=10, description="as for errors")
    tolerated: float | None = Field(0.01, gt=0, lt=1, description="as for errors: 0.01 asks the 99th percentile to be below over_ms")


class MetricSpec(BaseModel):
    """A custom metric, sent by `PutMetricData` with the dimensions EndpointName and VariantName: 1 for a hit, 0 for none."""

    model_config = FROZEN

    name: str = Field(min_length=1, max_length=255, pattern=r"^[\w .:/#-]+$")
    namespace: str = Field(min_length=1, max_length=255, pattern=r"^[\w.:/#-]+$")
    good: bool = Field(True, description="hits are wanted: harm is a rate that is lower than the champion's")
    harm: float = Field(1.0, ge=1, le=10, description="as for errors, by such a factor lower where hits are wanted")
    margin: float = Field(1.1, gt=1, le=10, description="as for errors")
    tolerated: float | None = Field(None, gt=0, lt=1, description="as for errors; only where hits are not wanted")


class CaptureSpec(BaseModel):
    """Comparison of captured predictions that break their contract (`serve.answers`)."""

    model_config = FROZEN

    percent: int = Field(100, ge=1, le=100, description="of the requests, chosen at random")
    harm: float = Field(1.0, ge=1, le=10, description="as for errors, of answers that break their contract")
    margin: float = Field(1.25, gt=1, le=10, description="as for errors")
    tolerated: float | None = Field(0.01, gt=0, lt=1, description="as for errors")
    drift: float | None = Field(
        None,
        ge=1.1,
        le=10,
        description="predictions of one kind, or in one fifth of their range, that are so many times as frequent as the champion's are harm",
    )


class GuardSpec(BaseModel):
    """The metrics that the guard compares while champion and challenger serve side by side."""

    model_config = FROZEN

    confidence: float = Field(0.98, ge=0.5, lt=1, description="that no equal challenger is undone, over the whole release and all that is watched")
    errors: ErrorsSpec | None = ErrorsSpec()
    slow: SlowSpec | None = None
    answers: CaptureSpec | None = CaptureSpec()
    metrics: tuple[MetricSpec, ...] = Field((), max_length=5)

    @property
    def compared(self) -> int:
        """How many metrics are compared at most."""
        captured = 0 if self.answers is None else 1 + KINDS * (self.answers.drift is not None)
        return len(self.metrics) + (self.errors is not None) + (self.slow is not None) + captured

    @model_validator(mode="after")
    def _something_is_compared(self) -> Self:
        if self.errors is None and self.slow is None and self.answers is None and not self.metrics:
            raise ValueError("a guard watches at least one of errors, slow, answers and metrics")
        return self


class RolloutSpec(BaseModel):
    """The `rollout` block."""

    model_config = FROZEN

    strategy: StrategyName = Field("progressive", description="how a version comes to its traffic; the first one of a model takes all of it at once")
    steps: tuple[float, ...] = Field(
        (0.1, 0.25, 0.5),
        min_length=1,
        max_length=10,
        description="shares of the traffic: progressive takes one after the other; ab, canary, linear and rolling take the first",
    )
    step_looks: int = Field(5, ge=1, le=1000, description="progressive: looks at one share before the next")
    look_seconds: int = Field(60, ge=60, le=3600, description="between two looks; CloudWatch counts by the minute")
    minutes: int = Field(60, ge=1, le=1440, description="a release that the evidence has not decided by then ends as `undecided` says")
    undecided: Literal["undo", "promote", "hold"] = Field(
        "promote", description="what follows when time is up; promote does so unless the evidence speaks for harm"
    )
    idle: Literal["promote", "undo", "hold", "wait"] = Field("promote", description="what follows when nobody has asked for step_looks looks; wait goes on")
    sample: int = Field(1000, ge=1, description="ab: requests that the new version answers before it may be promoted")
    bake_minutes: int = Field(5, ge=0, le=60, description="canary, linear, rolling: how long each step is watched by the alarms")
    dry_run: bool = Field(False, description="the guard only reports, and undoes nothing")
    busy: Literal["wait", "supersede"] = Field("wait", description="what a version does that is approved while another one is being released")
    guard: GuardSpec = GuardSpec()

    @model_validator(mode="after")
    def _steps_rise(self) -> Self:
        if list(self.steps) != sorted(set(self.steps)) or self.steps[0] <= 0 or self.steps[-1] >= 1:
            raise ValueError(f"steps rise from above 0 to below 1; found {list(self.steps)}")
        smallest = STRATEGIES[self.strategy].smallest_step
        if smallest is not None and not smallest <= self.steps[0] <= LARGEST_STEP:
            raise ValueError(f"SageMaker's {self.strategy} begins with {smallest:.0%} to {LARGEST_STEP:.0%} of the fleet; found {self.steps[0]:.0%}")
        return self

    @model_validator(mode="after")
    def _looks_fit(self) -> Self:
        looks = self.minutes * 60 // self.look_seconds
        most = min(MOST_LOOKS, MOST_POINTS // (4 * self.guard.compared))
        if looks > most:
            raise ValueError(f"{self.minutes} minutes are {looks} looks, a state machine has room for {most}: look less often (look_seconds)")
        return self
