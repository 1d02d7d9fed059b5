"""Prepares a run's files from its dataset: training set, holdout, ground truth, smoke rows, and the fitted preprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.csv_text import to_csv
from noria.data.dataset_file import read_texts
from noria.data.split import split
from noria.data.text_rows import good_places
from noria.kernel import lake
from noria.kernel.errors import ContractError
from noria.preprocessing import artifact, fitting
from noria.preprocessing.declaration import is_declared

if TYPE_CHECKING:
    from noria.preprocessing.shapes import PrepareDatasetInput, PrepareDatasetResult

CSV, GZIP = "text/csv", "application/gzip"


def prepare_dataset(event: PrepareDatasetInput) -> PrepareDatasetResult:
    """Write the files of a run, and the artifact of its preprocessing where the spec declares any.

    Raises:
        ContractError: the script's rows break the contract, or the training set lacks the values that a step is fitted on.
    """
    contract, target, folder = DataContract.of(event["data"]), event["target"], event["folder"]
    header, rows = _rows(event, contract)
    parts = split(header, rows, contract, target, event["split"])
    train = to_csv(parts.train, header)
    if is_declared(event["preprocess"]):
        document, train = fitting.training_set(event["preprocess"], contract, target, header, parts.train)
        objects.write(event["artifacts"], folder + lake.PREPROCESS_ARTIFACT, artifact.pack(document), GZIP)
    files = {
        lake.TRAINING_SET: train,
        lake.HOLDOUT: parts.holdout,
        lake.HOLDOUT_TRUTH: parts.truth,
        lake.SMOKE_ROWS: parts.smoke,
        lake.SHUFFLED_ROWS: parts.shuffled,
    }
    for name, text in files.items():
        objects.write(event["artifacts"], folder + name, text.encode(), CSV)
    return {"outcome": "prepared", "facts": parts.facts}


def _rows(event: PrepareDatasetInput, contract: DataContract) -> tuple[list[str], list[list[str]]]:
    """The header and rows of the dataset, or of what the project's own script made of it."""
    if event["processed"]:
        return _processed(event["artifacts"], event["processed"], contract, event["target"])
    header, rows = read_texts(objects.ObjectSource(event["source"]["bucket"], event["source"]["key"]))
    return header, list(rows)


def _processed(bucket: str, folder: str, contract: DataContract, target: str) -> tuple[list[str], list[list[str]]]:
    """The rows of all files that the project's own script wrote."""
    keys = [key for key in objects.keys(bucket, folder, folder) if key.endswith((".csv", ".parquet"))]
    if not keys:
        raise ContractError("the preprocess script left no .csv and no .parquet in /opt/ml/processing/output; what it writes there is trained on")
    header: list[str] | None = None
    rows: list[list[str]] = []
    for key in keys:
        own, read = read_texts(objects.ObjectSource(bucket, key))
        if header not in (None, own):
            raise ContractError(f"the preprocess script wrote files of different columns: {key.removeprefix(folder)} has {', '.join(own)}")
        header = own
        rows += _checked(key.removeprefix(folder), own, list(read), contract, target)
    if header is None or len(rows) < contract.min_rows:
        raise ContractError(f"the preprocess script left {len(rows)} rows, expected at least data.min_rows: {contract.min_rows}")
    return header, rows


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
