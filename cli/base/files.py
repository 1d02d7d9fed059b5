"""Files that a user names: tables of any format and profiles to read, pages and plots to write."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.base.errors import CliError

if TYPE_CHECKING:
    import pyarrow as pa

    from noria.profile.dataset import Profile

#: The suffix of a file that holds a profile instead of rows.
PROFILE_SUFFIX = ".profile"
#: Rows that `first_words` reads.
FIRST_ROWS = 100


def existing(path: Path) -> Path:
    """The path of a file to read.

    Raises:
        CliError: there is no such file.
    """
    if not path.is_file():
        raise CliError(f"{path} is a folder, expected a file" if path.is_dir() else f"there is no file {path}")
    return path


def profile(path: Path, time: str | None = None, key: tuple[str, ...] = ()) -> "Profile":
    """The profile of a table, or the profile that a file holds.

    Args:
        time: the column that orders the rows.
        key: the columns that name a row.

    Raises:
        CliError: there is no such file, or it lacks the time or a key column.
        UnreadableDatasetError: the file has no format that Noria reads.
    """
    from noria.profile import batches
    from noria.profile.dataset import Profile
    from noria.tables.source import FileSource

    result = Profile.from_bytes(existing(path).read_bytes()) if path.suffix == PROFILE_SUFFIX else batches.profile(FileSource(existing(path)), time, key)
    if missing := [name for name in (*key, *([time] if time else [])) if name not in result.columns]:
        raise CliError(f"{path} has no column {', '.join(missing)}; it has: {', '.join(result.columns)}")
    return result


def first_words(path: Path) -> dict[str, list[str]]:
    """The words in the first rows of a table by text column, without empty values; a profile has no rows."""
    if path.suffix == PROFILE_SUFFIX:
        return {}
    from noria.tables.read import open_table
    from noria.tables.source import FileSource

    with open_table(FileSource(existing(path))) as table:
        batch = next(table.batches, None)
    if batch is None:
        return {}
    rows = batch.rows.slice(0, FIRST_ROWS)
    columns = zip(rows.schema.names, rows.columns, strict=True)
    return {name: [value for value in column.to_pylist() if value] for name, column in columns if _is_text(column.type)}


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def check_writable(path: Path | None, option: str, suffix: str) -> None:
    """Refuse a path that cannot be written, before any work is done for it.

    Raises:
        CliError: the path has another suffix, or no folder.
    """
    if path and path.suffix != suffix:
        raise CliError(f"{option} is {path}, expected a name that ends in {suffix}")
    if path and not path.parent.is_dir():
        raise CliError(f"{option} is {path}: there is no folder {path.parent}")


def write(path: Path, body: bytes) -> None:
    """Write a file.

    Raises:
        CliError: the operating system refuses.
    """
    try:
        path.write_bytes(body)
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error
