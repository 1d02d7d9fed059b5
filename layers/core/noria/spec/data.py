"""The `data` block of a model spec: the contract of an upload."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from noria.data.contract import NUMERIC_TYPES, TEXT_TYPES
from noria.data.rules import parse_rule
from noria.kernel.values import EMPTY, EPOCHS, ISO, parse_timestamp
from noria.spec.fields import FROZEN

ColumnType = Literal["integer", "number", "string", "category", "text", "boolean", "timestamp", "list"]
DURATION = r"^[1-9]\d{0,6}[smhd]$"
Limit = float | str | None


def _limits(given: Any) -> Any:
    """YAML reads a date as one; limits of times are texts."""
    return tuple(item.isoformat() if hasattr(item, "isoformat") else item for item in given) if isinstance(given, list | tuple) else given


class Words(BaseModel):
    """The words of a truth value."""

    model_config = FROZEN

    true: tuple[str, ...] = Field(min_length=1)
    false: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _plain_names(cls, given: Any) -> Any:
        """YAML reads true and false, without quotes, as truth values."""
        return {str(name).lower() if isinstance(name, bool) else name: words for name, words in given.items()} if isinstance(given, dict) else given


class Column(BaseModel):
    """One column: its type, whether it may be empty, and its valid values."""

    model_config = FROZEN

    type: ColumnType = Field(description="category: a word that stands for a class; text: words for people; list: numbers, in JSON or as a Parquet list")
    nullable: bool = False
    nulls: float | None = Field(None, ge=0, lt=1, description="largest share of empty values of a nullable column")
    missing: tuple[str, ...] | None = Field(None, description="words that mean an empty value here, in place of data.missing")
    between: Annotated[tuple[Limit, Limit] | None, BeforeValidator(_limits)] = Field(
        None, description="smallest and largest value, or earliest and latest time; null leaves a side open"
    )
    values: tuple[str, ...] | None = Field(None, description="the only valid values")
    pattern: str | None = Field(None, max_length=500, description="regular expression (RE2) that the whole text matches")
    length: tuple[int | None, int | None] | None = Field(None, description="least and most characters of a text, or items of a list")
    unique: bool = Field(False, description="no value occurs twice; a later row with the same value is a bad one")
    format: str | None = Field(None, description=f"of a timestamp: {ISO}, {', '.join(EPOCHS)}, or as strptime takes it, like %d/%m/%Y", min_length=1)
    words: Words | None = Field(None, description="of a boolean, like {true: [yes], false: [no]}")
    drift: Literal["watch", "ignore"] = "watch"

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        for name, fits in (
            ("between", (*NUMERIC_TYPES, "timestamp")),
            ("pattern", TEXT_TYPES),
            ("length", (*TEXT_TYPES, "list")),
            ("format", ("timestamp",)),
            ("words", ("boolean",)),
        ):
            if getattr(self, name) is not None and self.type not in fits:
                raise ValueError(f"{name} is for {' and '.join(fits)}, not for {self.type}")
        if self.nulls is not None and not self.nullable:
            raise ValueError("nulls is the largest share of empty values: name nullable: true as well")
        self._check_between()
        _check_format(self.format)
        if self.pattern is not None:
            _check_pattern(self.pattern)
        if self.length and None not in self.length and self.length[0] > self.length[1]:  # type: ignore[operator]
            raise ValueError(f"length has its least number {self.length[0]} above its most {self.length[1]}")
        return self

    def _check_between(self) -> None:
        if self.between is None:
            return
        if self.type == "timestamp":
            limits = [None if limit is None else _limit_of_time(limit) for limit in self.between]
        else:
            limits = [None if limit is None else _number(limit) for limit in self.between]
        low, high = limits
        if low is not None and high is not None and low > high:
            raise ValueError(f"between has its smallest value {self.between[0]} above its largest {self.between[1]}")

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A published spec may have a thousand columns: it names what is not the default."""
        return {name: value for name, value in handler(self).items() if name == "type" or getattr(self, name) != type(self).model_fields[name].default}


def _number(limit: float | str) -> float:
    if isinstance(limit, str):
        raise ValueError(f"between has {limit!r}, expected a number")
    return limit


def _limit_of_time(limit: float | str) -> float:
    try:
        return parse_timestamp(str(limit), ISO, (float("-inf"), float("inf")))
    except ValueError as error:
        raise ValueError(f"between has {limit!r}, expected a time in ISO 8601, like 1850-01-01") from error


def _check_format(form: str | None) -> None:
    if form is None or form == ISO or form in EPOCHS:
        return
    example = datetime(2024, 12, 31, 18, 30, tzinfo=UTC)
    try:
        parse_timestamp(example.strftime(form), form)
    except ValueError as error:
        raise ValueError(f"format is {form!r}, expected {ISO}, {', '.join(EPOCHS)}, or a format of strptime such as %d/%m/%Y %H:%M") from error


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"pattern is {pattern!r}, which is no regular expression: {error}") from error
    if re.search(r"\(\?[=!<]|\\[1-9]|\(\?P=|[*+?}]\+", pattern):
        raise ValueError(f"pattern is {pattern!r}: RE2, which checks whole columns, has no look-around, back references or possessive marks")


class BadRows(BaseModel):
    """How many rows may break the contract before the whole file is quarantined."""

    model_config = FROZEN

    at_most: float = Field(0.01, ge=0, lt=1, description="share of all rows; within it, bad rows are set aside and the rest is accepted")


class CsvDialect(BaseModel):
    """How CSV files are written; what is not named is read off each file."""

    model_config = FROZEN

    delimiter: str | None = Field(None, min_length=1, max_length=1)
    quote: str | None = Field(None, max_length=1, description="an empty text: no quoting")
    encoding: str | None = Field(None, description="like utf-8, utf-16, windows-1252, shift_jis")
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ".", ",", " ", "'", "_"] | None = None
    comment: str | None = Field(None, min_length=1, max_length=1, description="lines that begin with it are no rows")


class DataSpec(BaseModel):
    """The `data` block of a model spec."""

    model_config = FROZEN

    format: Literal["any", "csv", "parquet", "arrow", "jsonl", "xlsx"] = Field(
        "any", description="the only format that an upload may have; any: CSV, Parquet, Arrow, JSON Lines, a JSON array, a workbook, also compressed"
    )
    csv: CsvDialect = CsvDialect()
    sheet: str | None = Field(None, description="of a workbook that has several")
    time: str | None = Field(None, description="event time: orders rows, splits and windows")
    time_format: str | None = Field(
        None, description=f"of the event time where it is no column of the model: {ISO}, {', '.join(EPOCHS)}, or as strptime takes it"
    )
    ordered: bool = Field(False, description="rows come in the order of their times; one that is earlier than the row before it is a bad one")
    fresh: str | None = Field(None, pattern=DURATION, description="the newest row is at most so old when the file arrives, like 36h")
    key: tuple[str, ...] = Field((), description="columns that name a row; a second row with the same key is a bad one")
    columns: dict[str, Column] = Field(
        min_length=1,
        description="the columns that the model is given, in this order; a file has at most 2,000, and a published spec 112 KiB: "
        "some 1,300 columns with a name of ten letters, nullable and between, or 2,000 with a type alone",
    )
    missing: tuple[str, ...] = Field(EMPTY, description="words that mean an empty value; a word that a column lists under values is a value")
    rules: tuple[str, ...] = Field((), max_length=100, description="what holds across columns in every row, like occupancy <= capacity or `wind speed` >= 0")
    extra_columns: Literal["keep", "reject"] = Field("keep", description="columns that the contract does not name: kept, or the file is quarantined")
    bad_rows: BadRows = BadRows()
    min_rows: int = Field(50, ge=1, description="fewer good rows than this are not accepted")
    max_rows: int | None = Field(None, ge=1, description="more rows than this are not accepted")

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        _check_format(self.time_format)
        if self.time_format and self.time in self.columns:
            raise ValueError(f"time_format is for a time that is no column; name format under columns.{self.time}")
        if (self.ordered or self.fresh) and not self.time:
            raise ValueError("ordered and fresh need event times: name data.time")
        if self.max_rows is not None and self.max_rows < self.min_rows:
            raise ValueError(f"max_rows is {self.max_rows}, below min_rows, which is {self.min_rows}")
        known = {*self.columns, *self.key, *([self.time] if self.time else [])}
        for text in self.rules:
            if unknown := sorted(parse_rule(text).columns - known):
                raise ValueError(f"the rule {text!r} names {', '.join(unknown)}, expected columns of data.columns, data.key or data.time")
        return self
