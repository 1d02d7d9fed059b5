"""Asks an endpoint about rows, checked against the contract before they are sent."""

import csv
import io
import json
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.base import files, ledger
from cli.base.errors import CliError
from cli.base.session import Session
from noria.data.contract import DataContract
from noria.data.rows import column_fault
from noria.release import sticky

Json = dict[str, Any]


def predict(session: Session, model: str, file: Path, key: str | None = None, name: str | None = None) -> Json:
    """Predictions for the rows of a JSON Lines file.

    Args:
        key: of whoever asks; while two versions serve, the same key is always answered by the same one.
        name: of the request, at most 64 characters; by it, the truth is joined later. One is made up where none is given.

    Returns:
        `{endpoint, variant, request, predictions: [{row, prediction, values, id}]}`; `request` is the body that was sent, `variant` who
        answered.

    Raises:
        CliError: the file or a row is wrong, or nothing serves this model.
    """
    try:
        lines = files.existing(file).read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"cannot read {file}: {error}") from error
    rows = [_row(line, number, file) for number, line in enumerate(lines, start=1) if line.strip()]
    return ask(session, model, rows, key, name)


def ask(session: Session, model: str, rows: list[Json], key: str | None = None, name: str | None = None) -> Json:
    """The same for rows at hand, each a mapping of column to value."""
    story = ledger.read(session, model)
    spec = story.serving()
    if story.champion is None:
        raise CliError(f"no version of {model} serves yet; see: noria status {model}")
    contract, target = DataContract.of(spec["data"]), spec["target"]
    if not rows:
        raise CliError("there are no rows to predict: the file has one JSON object a line")
    body = _body([_values(row, number, contract, target) for number, row in enumerate(rows, start=1)])
    endpoint, named = story.champion["endpoint"], name or uuid.uuid4().hex
    try:
        target = {"TargetVariant": _variant(session, endpoint, key)} if key else {}
        answer = session.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=body, InferenceId=named, **target)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ModelError":
            raise
        raise CliError(f"the model behind {endpoint} failed: {error.response['Error']['Message']}") from error
    answers = [line for line in csv.reader(answer["Body"].read().decode().splitlines()) if line]
    if len(answers) != len(rows):
        raise CliError(f"{endpoint} answered {len(answers)} lines for {len(rows)} rows; output_fn in inference.py must write one line a row")
    ids = [named] if len(rows) == 1 else [f"{named}#{number}" for number in range(len(rows))]
    told = [{"row": row, "prediction": values[0], "values": values, "id": id_} for row, values, id_ in zip(rows, answers, ids, strict=True)]
    return {"endpoint": endpoint, "variant": answer.get("InvokedProductionVariant"), "request": body, "predictions": told}


def _variant(session: Session, endpoint: str, key: str) -> str:
    variants = session.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    return sticky.variant_for(key, {variant["VariantName"]: variant["CurrentWeight"] for variant in variants})


def _row(line: str, number: int, file: Path) -> Json:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CliError(f"{file}:{number}: is no JSON object: {error}") from error
    if not isinstance(row, dict):
        raise CliError(f"{file}:{number}: found {type(row).__name__}, expected an object with a value for each column")
    return row


def _values(row: Json, number: int, contract: DataContract, target: str) -> list[str]:
    if unknown := sorted(set(row) - set(contract.required(target))):
        raise CliError(f"row {number} has {', '.join(unknown)}, which the spec does not name; expected: {', '.join(contract.features(target))}")
    texts = []
    for name in contract.features(target):
        if name not in row and not contract.columns[name].nullable:
            raise CliError(f"row {number} lacks {name!r}; expected: {', '.join(contract.features(target))}")
        value = row.get(name)
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if fault := column_fault(contract.columns[name], text):
            column = {key: value for key, value in asdict(contract.columns[name]).items() if value and key != "drift"}
            raise CliError(f"row {number}: {name} is {text!r} ({fault}); the contract asks {json.dumps(column)}")
        texts.append(text)
    return texts


def _body(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
