"""The `data` block of a model spec: the contract of an upload."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from noria.data.contract import NUMERIC_TYPES
from noria.spec.fields import FROZEN

ColumnType = Literal["integer", "number", "string", "boolean", "timestamp"]


class Column(BaseModel):
    """One column: its type, whether it may be empty, and its valid values."""

    model_config = FROZEN

    type: ColumnType
    nullable: bool = False
    between: tuple[float | None, float | None] | None = Field(None, description="smallest and largest value; null leaves a side open")
    values: tuple[str, ...] | None = Field(None, description="the only valid values")
    drift: Literal["watch", "ignore"] = "watch"

    @model_validator(mode="after")
    def _bounds_fit(self) -> Self:
        if self.between and self.type not in NUMERIC_TYPES:
            raise ValueError(f"between is for integer and number, not for {self.type}")
        if self.between and None not in self.between and self.between[0] > self.between[1]:  # type: ignore[operator]
            raise ValueError(f"between has its smallest value {self.between[0]} above its largest {self.between[1]}")
        return self


class BadRows(BaseModel):
    """How many rows may break the contract before the whole file is quarantined."""

    model_config = FROZEN

    at_most: float = Field(0.01, ge=0, lt=1, description="share of all rows; within it, bad rows are set aside and the rest is accepted")


class DataSpec(BaseModel):
    """The `data` block of a model spec."""

    model_config = FROZEN

    format: Literal["csv"] = "csv"
    time: str | None = Field(None, description="event time: orders rows, splits and windows")
    key: tuple[str, ...] = Field((), description="columns that name a row; a second row with the same key is a bad one")
    columns: dict[str, Column] = Field(min_length=1, description="the columns that the model is given, in this order")
    bad_rows: BadRows = BadRows()
    min_rows: int = Field(50, ge=1, description="fewer good rows than this are not accepted")
