"""A column as its different values and the place of each row's value among them, where that saves work; else as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noria.tables.parse import Mask

#: From this share of different values on, a text column is read row by row.
MANY_DIFFERENT = 0.5


@dataclass(frozen=True)
class Words:
    """A column.

    Attributes:
        values: the different values, or those of the rows.
        places: of each row's value among the different ones; nothing where `values` are those of the rows.
    """

    values: pa.Array
    places: Any = None

    @classmethod
    def of(cls, array: pa.Array, encode: bool = True) -> Words:
        """Out of an Arrow array; texts are encoded unless `encode` is false."""
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
            array = array.cast(pa.string())
        if pa.types.is_string(array.type) and encode:
            array = array.dictionary_encode()
        if not isinstance(array, pa.DictionaryArray):
            return cls(array)
        values, indices = array.dictionary, array.indices
        if pa.types.is_large_string(values.type):
            values = values.cast(pa.string())
        if indices.null_count:
            indices = pc.fill_null(indices.cast(pa.int64()), len(values))
            values = pa.concat_arrays([values, pa.nulls(1, values.type)])
        return cls(values, indices.to_numpy(zero_copy_only=False))

    @property
    def are_many(self) -> bool:
        """Whether encoding has saved little."""
        return self.places is not None and len(self.values) > MANY_DIFFERENT * len(self.places)

    def __len__(self) -> int:
        return len(self.values) if self.places is None else len(self.places)

    def rows(self) -> pa.Array:
        """The value of each row."""
        return self.values if self.places is None else pc.take(self.values, pa.array(self.places))

    def spread(self, of_values: Any) -> Any:
        """An array with an item for each value, row by row."""
        return of_values if self.places is None else of_values[self.places]

    def with_values(self, values: pa.Array) -> Words:
        """The same rows with other values in place of each."""
        return Words(values, self.places)

    def filter(self, keep: Mask) -> Words:
        """Some of the rows."""
        return Words(self.values.filter(pa.array(keep))) if self.places is None else Words(self.values, self.places[keep])

    def counted(self) -> tuple[pa.Array, Any]:
        """The values that occur, with their counts; of values that are those of the rows each counts once."""
        if self.places is None:
            return self.values, np.ones(len(self.values), np.int64)
        counts = np.bincount(self.places, minlength=len(self.values))
        if counts.all():
            return self.values, counts
        return self.values.filter(pa.array(counts > 0)), counts[counts > 0]


def without_missing(values: pa.Array, missing: Sequence[str]) -> pa.Array:
    """Values with null in place of words that mean an empty value, and of not a number."""
    if pa.types.is_string(values.type):
        return pc.if_else(pc.is_in(pc.utf8_trim_whitespace(values), value_set=pa.array(missing, pa.string())), pa.scalar(None, pa.string()), values)
    if pa.types.is_floating(values.type) and pc.any(pc.is_nan(values)).as_py():
        return pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return values
