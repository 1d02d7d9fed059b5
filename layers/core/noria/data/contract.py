"""The data contract as decisions read it, out of a published spec.

`noria.spec.data` has the rules for writing it; they were checked when the spec was published, so a cold start does not pay for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from noria.kernel.values import EARLIEST, EMPTY, ISO, LATEST, parse_timestamp

if TYPE_CHECKING:
    from noria.kernel.published_spec import ColumnShape, DataShape

#: Names of models: they become parts of resource names, keys and paths.
MODEL_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,22}[a-z0-9])?")

#: Types of columns that hold numbers, and of those that hold words.
NUMERIC_TYPES, TEXT_TYPES = ("integer", "number"), ("string", "category", "text")
#: The type of a key or a target that the contract does not describe.
ANY = "any"
#: Rows of the holdout that a version must predict as in its evaluation before it takes traffic.
SMOKE_ROWS = 5
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def is_model_name(value: object) -> bool:
    """Whether a value can be the name of a model."""
    return isinstance(value, str) and bool(MODEL_NAME.fullmatch(value))


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it may be empty, and its valid values; see `noria.spec.data.Column`."""

    type: str
    nullable: bool = False
    between: Sequence[float | str | None] | None = None
    values: Sequence[str] | None = None
    drift: str = "watch"
    nulls: float | None = None
    missing: Sequence[str] | None = None
    pattern: str | None = None
    length: Sequence[int | None] | None = None
    unique: bool = False
    format: str | None = None
    words: Mapping[str, Sequence[str]] | None = None

    @classmethod
    def of(cls, block: ColumnShape) -> Self:
        """Out of a published spec."""
        values: Any = block
        return cls(**values)

    def numbers(self) -> tuple[float | None, float | None]:
        """The limits of its numbers."""
        low, high = self.between or (None, None)
        return (None if isinstance(low, str) else low), (None if isinstance(high, str) else high)

    def times(self) -> tuple[float, float]:
        """The limits of its times (seconds since the epoch)."""
        low, high = self.between or (None, None)
        unlimited = (float("-inf"), float("inf"))
        return (
            EARLIEST if low is None else parse_timestamp(str(low), ISO, unlimited),
            LATEST if high is None else parse_timestamp(str(high), ISO, unlimited),
        )


@dataclass(frozen=True)
class DataContract:
    """The `data` block of a published spec.

    Attributes:
        bad_rows: share of rows that may break the contract before the whole file is quarantined.
        csv: what is declared of the dialect of CSV files.
        fresh: how old the newest row may be when a file arrives (seconds).
    """

    format: str
    time: str | None
    key: tuple[str, ...]
    columns: dict[str, Column]
    bad_rows: float
    min_rows: int
    csv: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    time_format: str | None = None
    ordered: bool = False
    fresh: float | None = None
    missing: tuple[str, ...] = EMPTY
    rules: tuple[str, ...] = ()
    extra_columns: str = "keep"
    max_rows: int | None = None

    @classmethod
    def of(cls, block: DataShape) -> Self:
        """Out of the `data` block of a published spec."""
        columns = {name: Column.of(column) for name, column in block["columns"].items()}
        dialect = {name: str(value) for name, value in (block.get("csv") or {}).items() if value is not None}
        fresh = block.get("fresh")
        return cls(
            block["format"],
            block["time"],
            tuple(block["key"]),
            columns,
            block["bad_rows"]["at_most"],
            block["min_rows"],
            dialect,
            block.get("sheet"),
            block.get("time_format"),
            block.get("ordered", False),
            float(fresh[:-1]) * UNITS[fresh[-1]] if fresh else None,
            tuple(block.get("missing", EMPTY)),
            tuple(block.get("rules", ())),
            block.get("extra_columns", "keep"),
            block.get("max_rows"),
        )

    def required(self, target: str) -> tuple[str, ...]:
        """The columns that every file must have, in order, without repetition."""
        named = (*self.columns, *self.key, *([self.time] if self.time else []), target)
        return tuple(dict.fromkeys(named))

    def features(self, target: str) -> tuple[str, ...]:
        """The columns that an endpoint is sent, in order."""
        return tuple(name for name in self.columns if name != target)

    @property
    def times_are(self) -> str | None:
        """The format of the event time, or nothing where each value tells it."""
        column = self.columns.get(self.time or "")
        return column.format if column else self.time_format

    def column(self, name: str) -> Column:
        """A required column; one that is no column of the model must be filled, and may hold anything but for the time."""
        if name in self.columns:
            return self.columns[name]
        return Column("timestamp", format=self.time_format) if name == self.time else Column(ANY)
