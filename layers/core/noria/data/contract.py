"""The data contract as decisions read it, out of a published spec.

`noria.spec.data` has the rules for writing it; they were checked when the spec was published, so a cold start does not pay for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from noria.kernel.published_spec import DataShape

#: Names of models: they become parts of resource names, keys and paths.
MODEL_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,22}[a-z0-9])?")

#: Types of columns that hold numbers.
NUMERIC_TYPES = ("integer", "number")
#: Rows of the holdout that a version must predict as in its evaluation before it takes traffic.
SMOKE_ROWS = 5


def is_model_name(value: object) -> bool:
    """Whether a value can be the name of a model."""
    return isinstance(value, str) and bool(MODEL_NAME.fullmatch(value))


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it may be empty, and its valid values."""

    type: str
    nullable: bool = False
    between: Sequence[float | None] | None = None
    values: Sequence[str] | None = None
    drift: str = "watch"


@dataclass(frozen=True)
class DataContract:
    """The `data` block of a published spec.

    Attributes:
        bad_rows: share of rows that may break the contract before the whole file is quarantined.
    """

    format: str
    time: str | None
    key: tuple[str, ...]
    columns: dict[str, Column]
    bad_rows: float
    min_rows: int

    @classmethod
    def of(cls, block: DataShape) -> Self:
        """Out of the `data` block of a published spec."""
        columns = {name: Column(**column) for name, column in block["columns"].items()}
        return cls(block["format"], block["time"], tuple(block["key"]), columns, block["bad_rows"]["at_most"], block["min_rows"])

    def required(self, target: str) -> tuple[str, ...]:
        """The columns that every file must have, in order, without repetition."""
        named = (*self.columns, *self.key, *([self.time] if self.time else []), target)
        return tuple(dict.fromkeys(named))

    def features(self, target: str) -> tuple[str, ...]:
        """The columns that an endpoint is sent, in order."""
        return tuple(name for name in self.columns if name != target)
