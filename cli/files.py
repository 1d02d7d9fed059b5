"""Files that a user names: read where they are there, in any format, and written where they can be."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.errors import CliError

if TYPE_CHECKING:
    import pyarrow as pa

    from noria.profile.dataset import Profile

#: How the name of a profile ends that was kept.
KEPT = ".profile"
CHUNK = 1024 * 1024
#: Rows that are looked at one by one.
FIRST_ROWS = 100


def there(path: Path) -> Path:
    """A file that is to be read.

    Raises:
        CliError: there is none.
    """
    if not path.is_file():
        raise CliError(f"{path} is a folder, expected a file" if path.is_dir() else f"there is no file {path}")
    return path


def profile(path: Path, time: str | None = None, key: tuple[str, ...] = ()) -> "Profile":
    """The profile of a file, or one that was kept.

    Raises:
        CliError: there is no such file, or it lacks a column that was named.
        UnreadableDatasetError: it cannot be read.
    """
    from noria.profile import batches
    from noria.profile.dataset import Profile

    made = Profile.from_bytes(there(path).read_bytes()) if path.suffix == KEPT else batches.profile(there(path), time, key)
    if missing := [name for name in (*key, *([time] if time else [])) if name not in made.columns]:
        raise CliError(f"{path} has no column {', '.join(missing)}; it has: {', '.join(made.columns)}")
    return made


def first(path: Path) -> dict[str, list[str]]:
    """What the first rows of a file have in each column, where these are words; empty values are left out, and of a profile there are no rows."""
    from noria.profile import formats

    batch = None if path.suffix == KEPT else next(formats.batches(there(path)), None)
    if batch is None:
        return {}
    rows = batch.slice(0, FIRST_ROWS)
    columns = zip(rows.schema.names, rows.columns, strict=True)
    return {name: [value for value in column.to_pylist() if value is not None] for name, column in columns if _is_text(column.type)}


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_plain(path: Path) -> bool:
    """Whether a file is what an upload is: CSV in UTF-8 with commas, not compressed."""
    from noria.profile import formats

    return formats.is_plain(path)


def as_csv(path: Path) -> Iterator[bytes]:
    """The rows of a file of any format as an upload of them would be.

    Raises:
        CliError: there is no such file.
        UnreadableDatasetError: it cannot be read.
    """
    from noria.profile import formats

    if formats.is_plain(there(path)):
        with path.open("rb") as opened:
            yield from iter(lambda: opened.read(CHUNK), b"")
        return
    header: list[str] | None = None
    for batch in formats.batches(path):
        rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        if header is None:
            header = batch.schema.names
            yield _line([header])
        yield _line([[_told(value) for value in row] for row in rows])


def _line(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def _told(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def writable(path: Path | None, option: str, suffix: str) -> None:
    """Refuse a name that nothing can be written under before any work is done for it.

    Raises:
        CliError: it ends otherwise than it should, or its folder is not there.
    """
    if path and path.suffix != suffix:
        raise CliError(f"{option} is {path}, expected a name that ends in {suffix}")
    if path and not path.parent.is_dir():
        raise CliError(f"{option} is {path}: there is no folder {path.parent}")


def write(path: Path, body: bytes) -> None:
    """Keep what was made.

    Raises:
        CliError: it cannot be written.
    """
    try:
        path.write_bytes(body)
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error
