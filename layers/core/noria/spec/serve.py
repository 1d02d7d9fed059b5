"""The serving block of a model spec."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from noria.spec.fields import INSTANCE

Frozen = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
InstanceType = Annotated[str, Field(pattern=INSTANCE)]


class AutoscaleSpec(BaseModel):
    """Autoscaling: target tracking on requests an instance and minute."""

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


class AnswersSpec(BaseModel):
    """The contract of predictions: the valid first values."""

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
