"""Rows of other formats than Arrow's as batches of texts: JSON, with numbers as they are written, and one sheet of a workbook."""

from __future__ import annotations

import json
import zipfile
from datetime import date, datetime, time, timedelta
from itertools import batched
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from noria.kernel.errors import UnreadableDatasetError
from noria.tables.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Rows of one batch.
ROWS = 16_384
#: Longest record of JSON, and largest content of a workbook (bytes).
LONGEST_RECORD, LARGEST_WORKBOOK = 1024 * 1024, 512 * 1024 * 1024
MOST_COLUMNS = 20_000
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
Record = dict[str, Any]


def json_lines(pieces: Iterator[bytes]) -> Iterator[tuple[int, Record]]:
    """One record a line, each with the number of its line.

    Raises:
        UnreadableDatasetError: a line is no JSON object; the message names it.
    """
    for number, line in enumerate(_lines(pieces), start=1):
        if not line.strip():
            continue
        try:
            yield number, _record(_DECODER.decode(line.decode("utf-8-sig" if number == 1 else "utf-8").strip()), f"line {number}")
        except (ValueError, RecursionError) as error:
            raise UnreadableDatasetError(f"line {number} is no JSON object ({_reason(error)}): each line must be one record") from error


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LONGEST_RECORD:
            raise UnreadableDatasetError(f"a line has more than {LONGEST_RECORD // 2**20} MiB: it is no record of a table")
    if rest:
        yield rest


def json_array(pieces: Iterator[bytes]) -> Iterator[tuple[int, Record]]:
    """The records of one array, each with its number; the array is never held whole.

    Raises:
        UnreadableDatasetError: it is no array of objects, or breaks off.
    """
    import codecs

    decoder, text, number, inside, more = codecs.getincrementaldecoder("utf-8-sig")(), "", 0, False, True
    while True:
        text = text.lstrip(" \t\r\n,") if inside else text.lstrip()
        if not inside and text:
            inside, text = True, text[1:]
            continue
        if inside and text.startswith("]"):
            return
        try:
            value, end = _DECODER.raw_decode(text)
            # A number at the end may go on in the next piece; records are objects, which do not.
            number, text = number + 1, text[end:]
            yield number, _record(value, f"record {number}")
            continue
        except (ValueError, RecursionError) as error:
            if not more:
                raise UnreadableDatasetError(f"record {number + 1} is no JSON object, or the array breaks off ({_reason(error)})") from error
            if len(text) > LONGEST_RECORD:
                raise UnreadableDatasetError(f"record {number + 1} has more than {LONGEST_RECORD // 2**20} MiB, or is no JSON ({_reason(error)})") from error
        try:
            piece = next(pieces, None)
            more = piece is not None
            text += decoder.decode(piece or b"", not more)
        except UnicodeDecodeError as error:
            raise UnreadableDatasetError(f"record {number + 1} or a later one is no UTF-8 text: export the file as UTF-8") from error


def _record(value: Any, where: str) -> Record:
    if not isinstance(value, dict):
        raise UnreadableDatasetError(f"{where} is no JSON object: each record must be an object whose keys name the columns")
    return value


def _reason(error: Exception) -> str:
    return str(error).split(":")[0].splitlines()[0].lower() if str(error) else type(error).__name__


def batches(records: Iterable[tuple[int, Record]], names: list[str]) -> Iterator[Batch]:
    """Records as batches of texts; `names` takes the columns in the order of their first record, which come with later ones too."""
    known = set(names)
    for part in batched(records, ROWS, strict=False):
        for _, record in part:
            if not known.issuperset(record):
                names += [name for name in record if name not in known]
                known.update(record)
                if len(names) > MOST_COLUMNS:
                    raise UnreadableDatasetError(f"the records have more than {MOST_COLUMNS} different keys: they are no rows of one table")
        columns = [pa.array([_text(record.get(name)) for _, record in part], pa.string()) for name in names]
        yield Batch(pa.RecordBatch.from_arrays(columns, names), np.array([number for number, _ in part], np.int64))


def _text(value: Any) -> str | None:
    """A value of JSON as text: a number as it is written."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Numbers of a nested value, which were kept as they are written, as numbers again."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def workbook(file: IO[bytes], sheet: str | None) -> Iterator[tuple[int, Record]]:
    """The rows of one sheet, each with its number in the sheet; the first row that is not empty names the columns.

    Raises:
        UnreadableDatasetError: it is no workbook, has several sheets that hold something and none is named, or expands too far.
    """
    _check_archive(file)
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(file)
        names = [sheet] if sheet else [name for name in book.sheet_names if book.get_sheet_by_name(name).height]
        if len(names) != 1:
            shown = ", ".join(repr(name) for name in names[:10]) or "none that holds anything"
            raise UnreadableDatasetError(f"the workbook has the sheets {shown}; name one under data.sheet, or save it as CSV")
        chosen = book.get_sheet_by_name(names[0])
        first = (chosen.start or (0, 0))[0]
        rows = chosen.to_python(skip_empty_area=True)
    except (calamine.CalamineError, OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableDatasetError(f"the workbook cannot be read ({reason}): save it as CSV") from error
    header: list[str] | None = None
    for number, row in enumerate(rows, start=first + 1):
        cells = [_cell(value) for value in row]
        if not any(cells):
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            continue
        yield number, dict(zip(header, cells, strict=False))


def _check_archive(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableDatasetError("the file is a damaged ZIP archive or workbook") from error
    if not any(entry.filename.startswith("xl/") for entry in entries):
        inside = ", ".join(entry.filename for entry in entries[:5])
        raise UnreadableDatasetError(f"the file is a ZIP archive ({inside}): upload the table that is in it")
    if (size := sum(entry.file_size for entry in entries)) > LARGEST_WORKBOOK:
        raise UnreadableDatasetError(f"the workbook expands to {size // 2**20} MiB, more than {LARGEST_WORKBOOK // 2**20}: save it as CSV or Parquet")
    file.seek(0)


def _cell(value: Any) -> str:
    """A cell as text: whole numbers without a point, times in ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return repr(value.total_seconds())
    return str(value)
