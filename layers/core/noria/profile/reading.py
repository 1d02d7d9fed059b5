"""One pass over a file of any size: batches of rows out of CSV, Parquet or JSON Lines, each taken into the profile."""

import bz2
import csv
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from noria.data.rows import TRUTHS
from noria.data.values import EMPTY
from noria.kernel.errors import UnreadableDatasetError
from noria.profile.column import BOOLEAN, INTEGER, LONGEST_VALUE, NUMBER, TEXT, TIME, ColumnProfile
from noria.profile.dataset import Profile
from noria.profile.moments import Counts, Numbers

#: Rows of one batch; the memory that a profile takes is that of a few batches, whatever the file's size.
BATCH_ROWS = 131_072
BLOCK_BYTES = 4 * 1024 * 1024
#: A value that makes up no more than one in so many of a batch is not counted among the frequent ones.
RARE = 1_000
#: How much is looked at to find a CSV's dialect and encoding (bytes).
SNIFFED_BYTES = 64 * 1024
DELIMITERS = ",;\t|"
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d")
SECONDS = pa.timestamp("us")


def profile(path: Path, time: str | None = None, key: tuple[str, ...] = ()) -> Profile:
    """The profile of a file.

    Args:
        time: the column that orders the rows.
        key: the columns that name a row.

    Raises:
        UnreadableDatasetError: it is none of the formats, or breaks off.
    """
    made = Profile()
    try:
        for batch in batches(path):
            add(made, batch, time, key)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, csv.Error, lzma.LZMAError) as error:
        raise UnreadableDatasetError(f"cannot read {path}: {str(error).splitlines()[0]}") from error
    return made


def blocks(path: Path, time: str, seconds: float) -> list[Profile]:
    """The profiles of a file's blocks of time, each so many seconds long, in their order; rows without a time are left out."""
    made: dict[int, Profile] = {}
    for batch in batches(path):
        values = batch.column(time)
        moments = _moments(values)
        if moments is None:
            continue
        numbers = np.floor(moments / seconds)
        for number in np.unique(numbers[np.isfinite(numbers)]):
            add(made.setdefault(int(number), Profile()), batch.filter(pa.array(numbers == number)), time)
    return [made[number] for number in sorted(made)]


def _moments(values: pa.Array) -> Numbers | None:
    """A column's times in seconds since the epoch, row by row; not a number where there is none."""
    present = values.drop_null()
    if isinstance(present, pa.DictionaryArray):
        present = present.dictionary_decode()
    if pa.types.is_string(present.type) or pa.types.is_large_string(present.type):
        encoded = present.dictionary_encode()
        found = _times(pc.utf8_trim_whitespace(encoded.dictionary))
        seconds = None if found is None else found[encoded.indices.to_numpy()]
    elif pa.types.is_temporal(present.type):
        seconds = _seconds(present)
    else:
        seconds = pc.cast(present, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if seconds is None:
        return None
    whole = np.full(len(values), np.nan)
    whole[pc.is_valid(values).to_numpy(zero_copy_only=False)] = seconds
    return whole


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """A file's rows, some at a time; of text formats every value as text."""
    name = path.name.lower()
    packed = next((suffix for suffix in OPENERS if name.endswith(suffix)), "")
    kind = Path(name.removesuffix(packed)).suffix
    if kind == ".parquet":
        words = [field.name for field in pa.parquet.read_schema(path) if pa.types.is_string(field.type)]
        yield from pa.parquet.ParquetFile(path, pre_buffer=False, read_dictionary=words).iter_batches(BATCH_ROWS, use_threads=False)
        return
    with OPENERS[packed](path, "rb") if packed else path.open("rb") as opened:
        stream = cast("IO[bytes]", opened)
        if kind in (".jsonl", ".ndjson", ".json"):
            yield from _json(stream)
        else:
            yield from _csv(stream)


def _json(stream: IO[bytes]) -> Iterator[pa.RecordBatch]:
    reader = pa.json.open_json(stream, read_options=pa.json.ReadOptions(use_threads=False, block_size=BLOCK_BYTES))
    yield from reader


def _csv(stream: IO[bytes]) -> Iterator[pa.RecordBatch]:
    head = stream.read(SNIFFED_BYTES)
    if not head.strip():
        raise UnreadableDatasetError("the file is empty: its first line must name the columns")
    encoding = _encoding(head)
    text = head.decode(encoding, errors="ignore")
    whole = text if len(head) < SNIFFED_BYTES else text[: text.rfind("\n")]
    delimiter = _delimiter(whole)
    names = next(csv.reader(io.StringIO(whole), delimiter=delimiter))
    convert = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=list(EMPTY), strings_can_be_null=True)
    reader = pa.csv.open_csv(
        _Joined(head, stream),
        read_options=pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, encoding=encoding),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=convert,
    )
    rows = 0
    for batch in reader:
        rows += batch.num_rows
        yield batch
    if not rows:
        yield pa.RecordBatch.from_pylist([], reader.schema)


class _Joined(io.RawIOBase):
    """What was read already, then the rest of the stream."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _encoding(head: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 by its mark, else Latin-1, which reads everything."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _delimiter(text: str) -> str:
    """What parts the names of the first line; a comma where nothing does."""
    line = text.split("\n", 1)[0]
    return max(DELIMITERS, key=lambda mark: (len(next(csv.reader([line], delimiter=mark), [])), mark == ","))


def add(made: Profile, batch: pa.RecordBatch, time: str | None = None, key: tuple[str, ...] = ()) -> None:
    """Take a batch of rows into account."""
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        column = made.columns.setdefault(name, ColumnProfile(rows=made.rows, nulls=made.rows))
        moments = _add(column, values)
        if name == time and moments is not None and moments.size:
            made.order.follow(float(moments[0]), float(moments[-1]), bool(np.all(np.diff(moments) >= 0)))
    for name in set(made.columns) - set(batch.schema.names):
        made.columns[name].rows += batch.num_rows
        made.columns[name].nulls += batch.num_rows
    if key and set(key) <= set(batch.schema.names):
        texts = [pc.fill_null(pc.cast(batch.column(name), pa.string()), "") for name in key]
        made.add_keys(pc.binary_join_element_wise(*texts, "\x1f").to_pylist())
    made.rows += batch.num_rows


def _add(column: ColumnProfile, values: pa.Array) -> Numbers | None:
    """One column of a batch; its times in seconds, where it holds any."""
    column.rows += len(values)
    column.nulls += values.null_count
    present = values.drop_null() if values.null_count else values
    if isinstance(present, pa.DictionaryArray) and not pa.types.is_string(present.type.value_type):
        present = present.dictionary_decode()
    kind = present.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return _add_texts(column, present)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values, counts = _tally(column, pc.cast(present, pa.float64(), safe=False))
        column.add_numbers(INTEGER if pa.types.is_integer(kind) else NUMBER, values.to_numpy(zero_copy_only=False), counts)
        return None
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        seconds = _seconds(present)
        values, counts = _tally(column, pa.array(seconds))
        column.add_numbers(TIME, values.to_numpy(zero_copy_only=False), counts)
        return seconds
    texts = pa.array([str(value).lower() if isinstance(value, bool) else str(value) for value in present.to_pylist()], pa.string())
    words, counts = _tally(column, texts)
    column.add_texts(BOOLEAN if pa.types.is_boolean(kind) else TEXT, _lengths(words), counts)
    return None


def _lengths(texts: pa.Array) -> Numbers:
    return cast("Numbers", pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.float64))


def _seconds(values: pa.Array) -> Numbers:
    if pa.types.is_time(values.type):
        return cast("Numbers", pc.cast(pc.cast(values, pa.time64("us")), pa.int64()).to_numpy(zero_copy_only=False) / 1e6)
    return cast("Numbers", pc.cast(pc.cast(values, SECONDS, safe=False), pa.int64()).to_numpy(zero_copy_only=False) / 1e6)


def _add_texts(column: ColumnProfile, texts: pa.Array) -> Numbers | None:
    """Texts by what they say: numbers, times and truth values are counted as such, one by one where they are mixed.

    What a text says is found once for each different one.
    """
    if not len(texts):
        return None
    encoded = texts if isinstance(texts, pa.DictionaryArray) else texts.dictionary_encode()
    words, places = pc.utf8_trim_whitespace(encoded.dictionary), encoded.indices.to_numpy()
    counts = np.bincount(places, minlength=len(words))
    if not counts.all():
        # A dictionary may hold words of other rows.
        kept = counts > 0
        words, places, counts = words.filter(pa.array(kept)), (np.cumsum(kept) - 1)[places], counts[kept]
    said = _numbers(words)
    told = ~np.isnan(said) | _is_nan(words)
    if told.any():
        finite = np.isfinite(said)
        column.add_values(zip(said[finite].tolist(), counts[finite].tolist(), strict=True), len(texts) // RARE)
        column.add_numbers(NUMBER, said[told], counts[told])
    if told.all():
        return None
    rest = words.filter(pa.array(~told))
    left = counts[~told]
    seconds = _times(rest)
    if seconds is not None:
        column.add_values(zip(seconds.tolist(), left.tolist(), strict=True), len(texts) // RARE)
        whole = np.full(len(words), np.nan)
        whole[~told] = seconds
        column.add_numbers(TIME, seconds, left)
        return whole[places] if not told.any() else None
    column.add_values(zip(pc.utf8_slice_codeunits(rest, 0, LONGEST_VALUE).to_pylist(), left.tolist(), strict=True), len(texts) // RARE)
    truths = pc.all(pc.is_in(rest, value_set=pa.array(sorted(TRUTHS)))).as_py()
    column.add_texts(BOOLEAN if truths else TEXT, _lengths(rest), left)
    return None


def _numbers(words: pa.Array) -> Numbers:
    """What words say as numbers; not a number where they say none."""
    plain = pc.match_substring_regex(words, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    return cast("Numbers", pc.cast(pc.if_else(plain, words, "nan"), pa.float64()).to_numpy(zero_copy_only=False))


def _is_nan(words: pa.Array) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    return cast("np.ndarray[Any, np.dtype[np.bool_]]", pc.is_in(pc.utf8_lower(words), value_set=pa.array(["nan"])).to_numpy(zero_copy_only=False))


def _times(texts: pa.Array) -> Numbers | None:
    """All of some texts as times, or nothing."""
    plain = pc.replace_substring_regex(texts, r"(\.\d+)?(Z|[+-]00:?00)?$", "")
    for shape in TIME_FORMATS:
        try:
            return _seconds(pc.strptime(plain, shape, "s"))
        except pa.ArrowInvalid:
            continue
    return None


def _tally(column: ColumnProfile, present: pa.Array) -> tuple[pa.Array, Counts]:
    """Which values there are, and how often, as the column now has it."""
    counted = pc.value_counts(present)
    values, counts = counted.field(0), counted.field(1).to_numpy()
    kept, times = values, counts
    if pa.types.is_floating(present.type):
        finite = pc.is_finite(values)
        kept, times = values.filter(finite), counts[finite.to_numpy(zero_copy_only=False)]
    elif pa.types.is_string(values.type):
        kept = pc.utf8_slice_codeunits(values, 0, LONGEST_VALUE)
    column.add_values(zip(kept.to_pylist(), times.tolist(), strict=True), len(present) // RARE)
    return values, counts
