"""Writes a local copy of a quarantined file to correct: as it was uploaded, or without its bad rows, or with columns renamed."""

import shlex
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.base.errors import CliError
from cli.base.ledger import ModelRecord
from cli.base.records import Dataset
from cli.base.session import Session
from cli.data.quarantine import find, set_aside
from noria.data.contract import DataContract

if TYPE_CHECKING:
    from noria.tables.read import Options

#: What begins the name of a copy, unless the user names one.
CORRECTED = "corrected-"
#: Bytes of one read of an object.
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Fixed:
    """A local copy of a quarantined file.

    Attributes:
        path: where it was written.
        rows: that it has, and `dropped` those that were left out; nothing where it is the file as it was uploaded.
        next: the command that releases it.
    """

    dataset: str
    model: str
    path: str
    rows: int | None
    dropped: int
    next: str


def fix(session: Session, dataset: str, out: Path | None = None, drop_bad: bool = False, rename: Mapping[str, str] | None = None) -> Fixed:
    """Write a copy of a quarantined file, by default as it was uploaded; nothing that is there is overwritten.

    Args:
        dataset: its id, or a beginning that no other has.
        out: where to; by default the name of the upload after `corrected-`, in the working directory.
        drop_bad: write the rows alone that keep the contract: as Parquet where the file has typed columns, else as CSV.
        rename: new names of columns by their old ones; of a CSV, rows with too many or too few fields then come last.

    Raises:
        CliError: no quarantined dataset has this id, a file of that name is there, no single row was bad, or no such column is there.
        UnreadableDatasetError: the file is no table, so that its rows and columns cannot be parted.
    """
    record, entry = find(session, dataset)
    _check_places(out)
    if drop_bad and not entry["set_aside"]:
        reason = entry["reasons"][0]["text"] if entry["reasons"] else "the file was refused as a whole"
        raise CliError(f"no single row of {entry['dataset']} was set aside, so none can be dropped: {reason}")
    bad = [int(row["#row"]) for row in set_aside(session, record.model, entry)] if drop_bad else None
    folder = out.parent if out else Path()
    try:
        with tempfile.TemporaryDirectory(prefix=".noria-", dir=folder) as temporary:
            original = Path(temporary) / entry["location"].rsplit("/", 1)[-1]
            _download(session, entry, original)
            if drop_bad or rename:
                return _corrected(record, entry, original, out, bad, rename or {})
            return _fixed(record, entry, _place(original, out or Path(f"{CORRECTED}{original.name}")), None)
    except OSError as error:
        raise CliError(f"cannot write a copy to {folder.resolve()}: {error.strerror}; name a place that has room: --out FILE") from error


def _corrected(record: ModelRecord, entry: Dataset, original: Path, out: Path | None, bad: list[int] | None, rename: Mapping[str, str]) -> Fixed:
    from cli.data.corrected_file import write_corrected

    judged_by = record.specs.get(entry["spec"] or "")
    contract = DataContract.of(record.spec["data"]) if record.spec else None
    options = _options(DataContract.of(judged_by["data"]) if judged_by else contract)
    target = original.with_name("corrected")
    copy = write_corrected(original, target, options, bad, rename, contract.csv if contract else {})
    asked_format = contract.format if contract else "any"
    if asked_format not in ("any", copy.format):
        contract_format = f"data.format of {record.model} asks for {asked_format}"
        raise CliError(f"the copy would be {copy.format}, and {contract_format}: correct the file as it is, without --drop-bad and --rename")
    path = out or Path(f"{CORRECTED}{copy.name}")
    _check_ending(path, copy.format)
    if not copy.rows:
        raise CliError(f"no row of {entry['dataset']} keeps the contract: nothing would be left; see them: noria quarantine show {entry['dataset']}")
    return _fixed(record, entry, _place(target, path), copy.rows, copy.dropped)


def _options(contract: DataContract | None) -> "Options":
    from noria.tables.read import Options

    return Options(contract.csv, contract.sheet) if contract else Options()


def _fixed(record: ModelRecord, entry: Dataset, path: Path, rows: int | None, dropped: int = 0) -> Fixed:
    id_ = entry["dataset"]
    return Fixed(id_, record.model, str(path), rows, dropped, f"noria quarantine release {id_} {shlex.quote(str(path))}")


def _check_places(out: Path | None) -> None:
    if out and not out.parent.is_dir():
        raise CliError(f"--out is {out}: there is no folder {out.parent}")
    if out and out.exists():
        raise CliError(f"--out is {out}, which is there already; name a file that is not")


def _check_ending(path: Path, kind: str) -> None:
    from noria.tables.formats import ENDINGS

    if (promised := ENDINGS.get(path.suffix.lower())) and promised != kind:
        raise CliError(f"--out is {path}, and the copy is {kind}: name a file that ends in .{kind}")


def _place(file: Path, path: Path) -> Path:
    """Move a finished file to its place."""
    if path.exists():
        raise CliError(f"there is a file {path} already; name another one: --out FILE")
    shutil.move(file, path)
    return path


def _download(session: Session, entry: Dataset, target: Path) -> None:
    body = session.s3.get_object(Bucket=entry["bucket"], Key=entry["location"])["Body"]
    with target.open("wb") as file:
        file.writelines(body.iter_chunks(CHUNK_BYTES))


def parsed(renames: Iterable[str]) -> dict[str, str]:
    """New names of columns by their old ones, out of texts such as `OLD=NEW`.

    Raises:
        CliError: a text has no such form, or a column has two new names.
    """
    results: dict[str, str] = {}
    for text in renames:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise CliError(f"found --rename {text}, expected OLD=NEW: the name that the column has, and the name that the contract has")
        if old in results:
            raise CliError(f"--rename names the column {old} twice")
        results[old] = new
    return results
