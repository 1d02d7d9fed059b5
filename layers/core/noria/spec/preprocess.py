"""The `preprocess` block of a model spec."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from noria.data.contract import NUMERIC_TYPES
from noria.preprocessing.declaration import lag_name
from noria.spec.data import DataSpec
from noria.spec.fields import ENTRY, FROZEN, Instance

DURATION = r"^[1-9]\d{0,6}[smhd]$"
Part = Literal["year", "month", "day", "weekday", "day_of_year", "hour", "minute"]


class Impute(BaseModel):
    """The value that replaces a missing one."""

    model_config = FROZEN

    by: Literal["mean", "median", "most_frequent"] | None = Field(None, description="a statistic of the training set")
    value: bool | int | float | str | None = Field(None, description="or a value")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.by is None) == (self.value is None):
            raise ValueError("impute is mean, median, most_frequent or {value: …}")
        return self


class Clip(BaseModel):
    """Limits to which values are clipped."""

    model_config = FROZEN

    between: tuple[float | None, float | None] | None = None
    quantiles: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]] | None = Field(None, description="of the training set")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.between is None) == (self.quantiles is None):
            raise ValueError("clip is [smallest, largest] or {quantiles: [low, high]}")
        low, high = self.between or self.quantiles or (None, None)
        if low is not None and high is not None and low >= high:
            raise ValueError(f"clip has its lower limit {low} not below its upper limit {high}")
        return self


class OneHot(BaseModel):
    """A column of zeros and ones for each category, and one for all others, also those that come later."""

    model_config = FROZEN

    at_most: int = Field(50, ge=1, le=500, description="the most frequent categories of the training set that get a column of their own")


def _short(field: str, shorts: type | tuple[type, ...]) -> BeforeValidator:
    """A short form: `impute: mean` for `impute: {by: mean}`."""
    return BeforeValidator(lambda given: {field: given} if isinstance(given, shorts) else given)


def _one_hot(given: Any) -> Any:
    return {True: {}, False: None}[given] if isinstance(given, bool) else given


class ColumnSteps(BaseModel):
    """The steps of one column; numbers are imputed, then clipped, then scaled."""

    model_config = FROZEN

    impute: Annotated[Impute | None, _short("by", str)] = Field(
        None, description="mean, median, most_frequent or {value: …}", examples=["mean", "median", "most_frequent", "{value: 0}"]
    )
    clip: Annotated[Clip | None, _short("between", (list, tuple))] = Field(
        None, description="[smallest, largest] or {quantiles: [low, high]}", examples=["[0, 100]", "{quantiles: [0.01, 0.99]}"]
    )
    scale: Literal["standard", "min_max", "robust"] | None = Field(None, description="robust: by median and interquartile range")
    one_hot: Annotated[OneHot | None, BeforeValidator(_one_hot)] = Field(None, description="true, or {at_most: n}", examples=["true", "{at_most: 20}"])
    parts: tuple[Part, ...] = Field((), description="of a timestamp, in UTC")
    drop: bool = Field(False, description="sent to the endpoint, kept from the model: what only a lag is found by")


class Lag(BaseModel):
    """The value that another row had some time ago: the newest that is at least so old, so no future leaks into it."""

    model_config = FROZEN

    of: str = Field(min_length=1, description="the column, or the target")
    back: str = Field(pattern=DURATION, description="30m, 24h, 7d")
    within: str | None = Field(None, pattern=DURATION, description="a value that is so much older still is none; as much as back, where nothing is said")
    per: tuple[str, ...] = Field((), description="columns whose values tell the series apart")
    name: str | None = Field(None, min_length=1, description="of the new column; <of>_<back>_ago, where nothing is said")


class ScriptSpec(BaseModel):
    """The project's own script, as a SageMaker Processing job before the holdout is split off."""

    model_config = FROZEN

    entry: str = Field("preprocess.py", pattern=ENTRY)
    image: str = Field("sklearn", description="as train.image")
    instance: Instance = Instance()
    arguments: dict[str, str | int | float | bool] = Field({}, description="--name value on its command line")
    max_minutes: float = Field(60, gt=0, le=720)

    @model_validator(mode="after")
    def _on_demand(self) -> Self:
        if self.instance.spot:
            raise ValueError("SageMaker has no spot instances for processing jobs: take spot out")
        return self


class PreprocessSpec(BaseModel):
    """The `preprocess` block."""

    model_config = FROZEN

    script: ScriptSpec | None = None
    columns: dict[str, ColumnSteps] = Field({}, description="by name: columns of data.columns, and lags; all others stay as they are")
    lags: tuple[Lag, ...] = ()

    @property
    def declared(self) -> bool:
        """Whether there is anything to fit, as `noria.preprocessing.declaration.is_declared` says of the published block."""
        return bool(self.columns or self.lags)

    def faults(self, data: DataSpec, target: str) -> Iterator[tuple[str, str]]:
        """Each field that does not fit the data, and why."""
        types: dict[str, str] = {name: column.type for name, column in data.columns.items()}
        features = {name: kind for name, kind in types.items() if name != target}
        lags = {lag_name(lag.name, lag.of, lag.back): lag for lag in self.lags}
        for number, lag in enumerate(self.lags):
            yield from _lag_faults(f"preprocess.lags.{number}", lag, features, data.time, target)
        if len(lags) < len(self.lags) or set(lags) & {*features, target}:
            yield "preprocess.lags", "two columns would have one name; give the lag another name"
        known = {name: types.get(lag.of, "number") for name, lag in lags.items()} | features
        for name, steps in self.columns.items():
            if name not in known:
                yield f"preprocess.columns.{name}", f"is neither a column that the endpoint is sent nor a lag; those are {', '.join(known)}"
            elif fault := _step_fault(steps, known[name]):
                yield f"preprocess.columns.{name}", fault


def _lag_faults(field: str, lag: Lag, features: dict[str, str], time: str | None, target: str) -> Iterator[tuple[str, str]]:
    if time is None or time not in features:
        yield field, "needs the event time of a row: name data.time, and have it in data.columns, so that the endpoint is sent it"
    if lag.of not in features and lag.of != target:
        yield f"{field}.of", f"found {lag.of}, expected the target or one of {', '.join(features)}"
    for name in lag.per:
        if name not in features:
            yield f"{field}.per", f"found {name}, expected one of {', '.join(features)}"


def _step_fault(steps: ColumnSteps, kind: str) -> str:
    """Why the steps do not suit a column of that type; empty where they do."""
    numeric = kind in NUMERIC_TYPES
    arithmetic = steps.clip is not None or steps.scale is not None or bool(steps.impute and steps.impute.by in ("mean", "median"))
    others = arithmetic or steps.impute is not None or steps.one_hot is not None or bool(steps.parts)
    if steps.drop and others:
        return "is dropped, so nothing else is done with it"
    if steps.parts and kind != "timestamp":
        return f"parts are of a timestamp, not of {kind}"
    if kind == "timestamp" and others and (arithmetic or steps.impute is not None or steps.one_hot is not None):
        return "of a timestamp there are parts, or drop"
    if arithmetic and (not numeric or steps.one_hot is not None):
        return "mean, median, clip and scale are for integer and number, and not together with one_hot"
    if steps.impute and steps.impute.value is not None and numeric and steps.one_hot is None and (isinstance(steps.impute.value, bool | str)):
        return f"impute: found {steps.impute.value!r}, expected a number"
    return ""
