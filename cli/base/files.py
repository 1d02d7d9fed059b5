"""Files that a user names: tables of any format and profiles to read, pages and plots to write."""

from pathlib import Path
from typing import TYPE_CHECKING

from cli.base.errors import CliError

if TYPE_CHECKING:
    from noria.profile.dataset import Profile

#: The suffix of a file that holds a profile instead of rows.
PROFILE_SUFFIX = ".profile"


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
