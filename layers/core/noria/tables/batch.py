"""A batch of a table's rows, as a file has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

    from noria.tables.parse import Indices


class Ragged(NamedTuple):
    """A row with more or fewer fields than the header."""

    number: int
    fields: int
    text: str


@dataclass
class Batch:
    """Rows of a table.

    Attributes:
        rows: the columns; texts in text formats, and in other formats what the file has.
        numbers: the number of each row in its file. Of a CSV it is the number of the record, header included, as a spreadsheet shows it;
            of JSON Lines the line; of a workbook the row of the sheet; else the first row is 1.
        ragged: rows before, among or just after these that have another number of fields than the header.
    """

    rows: pa.RecordBatch
    numbers: Indices
    ragged: list[Ragged] = field(default_factory=list)
