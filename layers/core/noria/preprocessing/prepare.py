"""The use case between ingestion and training: what a run trains on, and what it is judged on."""

from collections.abc import Iterator

from noria.adapters import objects
from noria.data import split
from noria.data.contract import DataContract
from noria.data.rows import RowChecker, lines, table
from noria.kernel.errors import ContractError
from noria.kernel.json import Json
from noria.preprocessing import artefact, fitting

CSV, GZIP = "text/csv", "application/gzip"


def prepare_dataset(event: Json) -> Json:
    """Write a run's training set, holdout, truth, smoke and shuffled rows, and the artefact of its preprocessing where any is declared.

    Args:
        event: `{source: {bucket, key}, processed, artifacts, folder, data, target, split: {by, group, test}, preprocess}`;
            `processed` is the folder that the project's own script has written to, or null.

    Returns:
        `{outcome, facts}`: rows of each part, and the columns that the model gets.

    Raises:
        ContractError: the script's rows do not keep the contract, or the training set does not tell what is to be fitted.
    """
    contract, target, source = DataContract.of(event["data"]), event["target"], event["source"]
    if event["processed"]:
        header, rows = _processed(event["artifacts"], event["processed"], contract, target)
    else:
        header, read = table(lines(objects.chunks(source["bucket"], source["key"])))
        rows = list(read)
    parted = split.split(header, rows, contract, target, event["split"])
    train = split.written(parted.train, header)
    if fitting.declared(event["preprocess"]):
        document, train = fitting.training_set(event["preprocess"], contract, target, header, parted.train)
        objects.write(event["artifacts"], f"{event['folder']}preprocess/{artefact.NAME}", artefact.packed(document), GZIP)
    parts = {"train/train.csv": train, "holdout/holdout.csv": parted.holdout, "truth/truth.csv": parted.truth, "smoke/smoke.csv": parted.smoke}
    # Beside the holdout, so that one transform job answers both.
    parts["holdout/shuffled.csv"] = parted.shuffled
    for name, text in parts.items():
        objects.write(event["artifacts"], f"{event['folder']}{name}", text.encode(), CSV)
    return {"outcome": "prepared", "facts": parted.facts}


def _processed(bucket: str, folder: str, contract: DataContract, target: str) -> tuple[list[str], list[list[str]]]:
    """The rows of all files that the script has left."""
    keys = [key for key in objects.keys(bucket, folder, folder) if key.endswith(".csv")]
    if not keys:
        raise ContractError("the preprocess script left no .csv in /opt/ml/processing/output; what it writes there is trained on")
    header: list[str] | None = None
    rows: list[list[str]] = []
    for key in keys:
        result, read = table(lines(objects.chunks(bucket, key)))
        if header not in (None, result):
            raise ContractError(f"the preprocess script wrote files of different columns: {key.removeprefix(folder)} has {', '.join(result)}")
        header = result
        rows += _checked(key.removeprefix(folder), result, read, contract, target)
    if header is None or len(rows) < contract.min_rows:
        raise ContractError(f"the preprocess script left {len(rows)} rows, expected at least data.min_rows: {contract.min_rows}")
    return header, rows


def _checked(name: str, header: list[str], rows: Iterator[list[str]], contract: DataContract, target: str) -> Iterator[list[str]]:
    if missing := [column for column in contract.required(target) if column not in header]:
        raise ContractError(f"the preprocess script wrote {name} without the column {', '.join(missing)}; expected {', '.join(contract.required(target))}")
    checker = RowChecker(contract, target, header)
    for number, row in enumerate(rows, 2):
        if fault := checker.fault(row):
            raise ContractError(f"the preprocess script wrote {name}, line {number}, {fault.column}: {fault.observed!r} breaks the contract ({fault.code})")
        yield row
