"""Prepares a run's files from its dataset: training set, holdout, ground truth, smoke rows, and the fitted preprocessing."""

from __future__ import annotations

import tempfile
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.dataset_file import TextWriter, read_texts
from noria.data.split import facts_of
from noria.data.split_file import SplitFile
from noria.data.text_rows import good_places
from noria.kernel import lake
from noria.kernel.errors import ContractError
from noria.preprocessing import artifact, fitting
from noria.preprocessing.declaration import is_declared
from noria.preprocessing.run_files import RunFiles

if TYPE_CHECKING:
    from noria.preprocessing.shapes import PrepareDatasetInput, PrepareDatasetResult

CSV, GZIP = "text/csv", "application/gzip"
#: Rows of a script that are held against the contract at once.
CHECKED_ROWS = 100_000


def prepare_dataset(event: PrepareDatasetInput) -> PrepareDatasetResult:
    """Write the files of a run, and the artifact of its preprocessing where the spec declares any.

    Raises:
        ContractError: the script's rows break the contract, or the training set lacks the values that a step is fitted on.
    """
    contract, target, folder = DataContract.of(event["data"]), event["target"], event["folder"]
    with tempfile.TemporaryDirectory() as temporary:
        dataset = Path(temporary) / "dataset.parquet"
        _gather(event, contract, dataset)
        parts = SplitFile(dataset, contract, event["split"])
        fitted = None
        if is_declared(event["preprocess"]):
            fitted = fitting.fit(event["preprocess"], contract, target, parts.column)
            objects.write(event["artifacts"], folder + lake.PREPROCESS_ARTIFACT, artifact.pack(fitted.artifact), GZIP)
        files = RunFiles(Path(temporary), contract, target, parts, fitted)
        files.write()
        for name, path in files.paths.items():
            objects.put(event["artifacts"], folder + name, path, CSV)
        times = parts.column(contract.time, "holdout") if contract.time else None
    return {"outcome": "prepared", "facts": facts_of(parts.train, contract, event["split"], times, parts.holdout)}


def _gather(event: PrepareDatasetInput, contract: DataContract, path: Path) -> None:
    """The dataset, or what the project's own script made of it, as a local Parquet file."""
    if event["processed"]:
        _gather_processed(event["artifacts"], event["processed"], contract, event["target"], path)
        return
    source = objects.ObjectSource(event["source"]["bucket"], event["source"]["key"])
    if event["source"]["key"].endswith(lake.DATA):
        with path.open("wb") as opened:
            opened.writelines(source.chunks())
        return
    # A dataset of an earlier version is CSV.
    header, rows = read_texts(source)
    with TextWriter(path, header) as writer:
        writer.add(rows)


def _gather_processed(bucket: str, folder: str, contract: DataContract, target: str, path: Path) -> None:
    """The rows of all files that the project's own script wrote, each held against the contract."""
    keys = [key for key in objects.keys(bucket, folder, folder) if key.endswith((".csv", ".parquet"))]
    if not keys:
        raise ContractError("the preprocess script left no .csv and no .parquet in /opt/ml/processing/output; what it writes there is trained on")
    header: list[str] | None = None
    writer: TextWriter | None = None
    for key in keys:
        own, read = read_texts(objects.ObjectSource(bucket, key))
        if header not in (None, own):
            raise ContractError(f"the preprocess script wrote files of different columns: {key.removeprefix(folder)} has {', '.join(own)}")
        header = own
        writer = writer or TextWriter(path, header)
        for rows in batched(read, CHECKED_ROWS, strict=False):
            writer.add(_checked(key.removeprefix(folder), own, list(rows), contract, target))
    assert writer is not None
    writer.close()
    if writer.rows < contract.min_rows:
        raise ContractError(f"the preprocess script left {writer.rows} rows, expected at least data.min_rows: {contract.min_rows}")


def _checked(name: str, header: list[str], rows: list[list[str]], contract: DataContract, target: str) -> list[list[str]]:
    """The rows of one file.

    Raises:
        ContractError: the file lacks a column, or a row breaks the contract.
    """
    if missing := [column for column in contract.required(target) if column not in header]:
        raise ContractError(f"the preprocess script wrote {name} without the column {', '.join(missing)}; expected {', '.join(contract.required(target))}")
    if (place := next((number for number, row in enumerate(rows) if len(row) != len(header)), None)) is not None:
        raise ContractError(f"the preprocess script wrote {name} with a row of {len(rows[place])} fields under {len(header)} names")
    _, facts = good_places(contract, target, header, rows)
    if facts.bad_rows:
        fault = facts.examples[0]
        raise ContractError(
            f"the preprocess script wrote {name}, row {fault['row'] + 1}, {fault['column']}: {fault['observed']!r} breaks the contract "
            f"({fault['code']}: expected {fault['expected']}); so do {facts.bad_rows - 1} more rows"
        )
    return rows
