"""The approval, serving and rollout blocks of a model spec."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from noria.release.analysis_plan import KINDS
from noria.spec.training import INSTANCE

Frozen = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


#: A state machine keeps 25,000 events, some 30 of each look, and 256 KiB of counters.
MOST_LOOKS, MOST_POINTS = 700, 6_000


class PolicySpec(BaseModel):
    """What an automatic approval asks besides the gates; where it is not met, a person is asked."""

    model_config = Frozen

    most_mb: float | None = Field(None, gt=0, description="size of the artefact")
    most_days: float | None = Field(None, gt=0, description="since its dataset was accepted")
    least_holdout_rows: int = Field(1, ge=1, description="rows that it was evaluated on")
    published_by: tuple[str, ...] = Field((), max_length=20, description="ARNs, with *, of who may have published the code; empty is anybody")


class FreezeSpec(BaseModel):
    """A window in which no release begins. All that it names must hold; times are UTC."""

    model_config = Frozen

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field((), max_length=7, description="on these days; empty is every day")
    hours: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="between these, such as 16:00-24:00")
    since: AwareDatetime | None = Field(None, description="not before")
    until: AwareDatetime | None = Field(None, description="no longer than to this")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.until is None and self.hours in (None, "00:00-24:00") and len(set(self.days)) in (0, 7):
            raise ValueError("a freeze ends: name until, fewer than seven days, or hours that leave some of the day")
        if self.until and (self.since or datetime.min.replace(tzinfo=self.until.tzinfo)) >= self.until:
            raise ValueError(f"since is before until; found since {self.since} until {self.until}")
        if self.hours and self.hours.split("-")[0] >= self.hours.split("-")[1]:
            raise ValueError(f"hours rise within one day; found {self.hours}: write a window over midnight as two")
        return self


class ApproveSpec(BaseModel):
    """The `approve` block."""

    model_config = Frozen

    mode: Literal["automatic", "manual"] = "automatic"
    policy: PolicySpec = PolicySpec()
    approvers: tuple[str, ...] = Field((), max_length=20, description="manual: ARNs, with *, of whose approval counts; empty is whoever may write the registry")
    two_person: bool = Field(False, description="manual: who approves is not who published")
    expires_hours: float = Field(168, gt=0, le=700, description="a version that nobody has answered by then is rejected")
    freeze: tuple[FreezeSpec, ...] = Field((), max_length=20, description="windows in which an approved version waits; rollbacks never do")


class AutoscaleSpec(BaseModel):
    """Instances follow the traffic: target tracking on requests an instance and minute."""

    model_config = Frozen

    min: int = Field(1, ge=1, le=100)
    max: int = Field(ge=1, le=100)
    requests: float = Field(gt=0, description="that one instance shall answer in a minute")
    out_seconds: int = Field(300, ge=0, le=3600, description="between two steps up")
    in_seconds: int = Field(300, ge=0, le=3600, description="between two steps down")

    @model_validator(mode="after")
    def _max_is_most(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min is at most max; found {self.min} and {self.max}")
        return self


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


InstanceType = Annotated[str, Field(pattern=INSTANCE)]


class AnswersSpec(BaseModel):
    """The contract of the answers: what the first value of each may be."""

    model_config = Frozen

    between: tuple[float | None, float | None] | None = Field(
        None, description="a number within these bounds, null is none; a regression's is a number in any case"
    )
    values: tuple[str | int | float | bool, ...] | None = Field(None, min_length=1, max_length=1000, description="one of these")


class ServeSpec(BaseModel):
    """The `serve` block."""

    model_config = Frozen

    kind: Literal["realtime"] = "realtime"
    instance: Annotated[tuple[InstanceType, ...], BeforeValidator(_listed, json_schema_input_type=InstanceType | list[InstanceType])] = Field(
        ("ml.m5.large",), min_length=1, max_length=5, description="a type, or up to five: the next one is taken where one cannot be had"
    )
    count: int = Field(1, ge=1, le=20, description="instances of the first release; later ones keep as many as run then")
    autoscale: AutoscaleSpec | None = None
    answers: AnswersSpec = AnswersSpec()


class ErrorsSpec(BaseModel):
    """How requests that the model fails are compared."""

    model_config = Frozen

    harm: float = Field(1.0, ge=1, le=10, description="a rate of more than this many times the champion's is harm")
    margin: float = Field(1.25, gt=1, le=10, description="a rate of at most this many times the champion's is no worse")
    tolerated: float | None = Field(0.01, gt=0, lt=1, description="a rate below this is good enough, whatever the champion's; null compares alone")


class SlowSpec(BaseModel):
    """How requests that take too long are compared."""

    model_config = Frozen

    over_ms: float = Field(gt=0, description="a request that the model takes longer for is a slow one")
    harm: float = Field(1.0, ge=1, le=10, description="as for errors")
    margin: float = Field(1.25, gt=1, le=10, description="as for errors")
    tolerated: float | None = Field(0.01, gt=0, lt=1, description="as for errors: 0.01 asks the 99th percentile to be below over_ms")


class MetricSpec(BaseModel):
    """A metric of the owner's own, sent by `PutMetricData` with the dimensions EndpointName and VariantName: 1 for a hit, 0 for none."""

    model_config = Frozen

    name: str = Field(min_length=1, max_length=255, pattern=r"^[\w .:/#-]+$")
    namespace: str = Field(min_length=1, max_length=255, pattern=r"^[\w.:/#-]+$")
    good: bool = Field(True, description="hits are wanted: harm is a rate that is lower than the champion's")
    harm: float = Field(1.0, ge=1, le=10, description="as for errors, by such a factor lower where hits are wanted")
    margin: float = Field(1.1, gt=1, le=10, description="as for errors")
    tolerated: float | None = Field(None, gt=0, lt=1, description="as for errors; only where hits are not wanted")


class CaptureSpec(BaseModel):
    """Answers that are captured while both serve, and held against their contract (`serve.answers`)."""

    model_config = Frozen

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
    """What is compared between champion and challenger while both serve."""

    model_config = Frozen

    confidence: float = Field(0.98, ge=0.5, lt=1, description="that no equal challenger is undone, over the whole release and all that is watched")
    errors: ErrorsSpec | None = ErrorsSpec()
    slow: SlowSpec | None = None
    answers: CaptureSpec | None = CaptureSpec()
    metrics: tuple[MetricSpec, ...] = Field((), max_length=5)

    @property
    def watches(self) -> int:
        """How many kinds of answers are compared at most."""
        captured = 0 if self.answers is None else 1 + KINDS * (self.answers.drift is not None)
        return len(self.metrics) + (self.errors is not None) + (self.slow is not None) + captured

    @model_validator(mode="after")
    def _something_is_watched(self) -> Self:
        if self.errors is None and self.slow is None and self.answers is None and not self.metrics:
            raise ValueError("a guard watches at least one of errors, slow, answers and metrics")
        return self


class RolloutSpec(BaseModel):
    """The `rollout` block."""

    model_config = Frozen

    strategy: Literal["progressive", "all_at_once", "canary", "linear", "rolling", "shadow", "ab"] = Field(
        "progressive", description="how a version comes to its traffic; the first one of a model takes all of it at once"
    )
    steps: tuple[float, ...] = Field((0.1, 0.25, 0.5), min_length=1, max_length=10, description="progressive, ab, canary, linear: shares of the traffic")
    step_looks: int = Field(5, ge=1, le=1000, description="progressive: looks at one share before the next")
    look_seconds: int = Field(60, ge=60, le=3600, description="between two looks; CloudWatch counts by the minute")
    minutes: int = Field(60, ge=1, le=1440, description="a release that the evidence has not decided by then ends as `undecided` says")
    undecided: Literal["undo", "promote", "hold"] = "undo"
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
        least = {"canary": 0.01, "linear": 0.1, "rolling": 0.05}.get(self.strategy)
        if least is not None and not least <= self.steps[0] <= 0.5:
            raise ValueError(f"SageMaker's {self.strategy} begins with {least:.0%} to 50% of the fleet; found {self.steps[0]:.0%}")
        return self

    @model_validator(mode="after")
    def _looks_fit(self) -> Self:
        looks = self.minutes * 60 // self.look_seconds
        watches = self.guard.watches
        most = min(MOST_LOOKS, MOST_POINTS // (4 * watches))
        if looks > most:
            raise ValueError(f"{self.minutes} minutes are {looks} looks, a state machine has room for {most}: look less often (look_seconds)")
        return self
