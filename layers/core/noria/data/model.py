"""The data contract: what a model's owner says of an upload."""

import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Field(min_length=1, max_length=128)
ColumnType = Literal["integer", "number", "string", "boolean", "timestamp"]


class Column(BaseModel):
    """One column: its type, whether it may be empty, and which values are right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ColumnType
    nullable: bool = False
    between: tuple[float | None, float | None] | None = Field(None, description="smallest and largest value; null leaves a side open")
    values: tuple[str, ...] | None = Field(None, description="the only values that are right")
    drift: Literal["watch", "ignore"] = "watch"

    @model_validator(mode="after")
    def _bounds_fit(self) -> Self:
        if self.between and self.type not in ("integer", "number"):
            raise ValueError(f"between is for integer and number, not for {self.type}")
        if self.between and None not in self.between and self.between[0] > self.between[1]:  # type: ignore[operator]
            raise ValueError(f"between has its smallest value {self.between[0]} above its largest {self.between[1]}")
        return self


class BadRows(BaseModel):
    """How many rows may break the contract before the whole file is quarantined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_most: float = Field(0.01, ge=0, lt=1, description="share of all rows; within it, bad rows are set aside and the rest is accepted")


class DataContract(BaseModel):
    """The `data` block of a model spec."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["csv"] = "csv"
    time: str | None = Field(None, description="event time: orders rows, splits and windows")
    key: tuple[str, ...] = Field((), description="columns that name a row; a second row with the same key is a bad one")
    columns: dict[str, Column] = Field(min_length=1, description="what the model is given, in this order")
    bad_rows: BadRows = BadRows()
    min_rows: int = Field(50, ge=1, description="fewer good rows than this are not accepted")

    def required(self, target: str) -> tuple[str, ...]:
        """Every column that a file must have, in order, without repetition."""
        named = (*self.columns, *self.key, *([self.time] if self.time else []), target)
        return tuple(dict.fromkeys(named))

    def features(self, target: str) -> tuple[str, ...]:
        """What the endpoint is given, in order."""
        return tuple(name for name in self.columns if name != target)


#: Names of models: they become parts of resource names, keys and paths.
MODEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")


def is_model_name(value: Any) -> bool:
    return isinstance(value, str) and bool(MODEL_NAME.fullmatch(value))
