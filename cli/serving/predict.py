"""Predicts rows by a model's endpoint; each row is checked against the contract before it is sent."""

import csv
import io
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.session import Session
from cli.serving.rows import Row, Value, read
from noria.data.contract import Column, DataContract
from noria.release import sticky


@dataclass(frozen=True)
class Prediction:
    """The prediction of one row.

    Attributes:
        values: all that the model answered for the row; the prediction is the first.
        id: of the prediction; ground truth is joined by it.
    """

    row: Row
    prediction: str
    values: list[str]
    id: str


@dataclass(frozen=True)
class Predictions:
    """The answer of an endpoint.

    Attributes:
        variant: the production variant that answered.
        request: the body of the request.
    """

    endpoint: str
    variant: str | None
    request: str
    predictions: list[Prediction]


def predict_file(session: Session, model: str, file: Path, key: str | None = None, name: str | None = None) -> Predictions:
    """Predict the rows of a file, or of standard input for `-`; arguments and errors are those of `predict` and `rows.read`."""
    return predict(session, model, read(file), key, name)


def predict(session: Session, model: str, rows: Sequence[Row], key: str | None = None, name: str | None = None) -> Predictions:
    """Predict rows.

    Args:
        key: of a client; while two versions serve, the same key always reaches the same version.
        name: of the request, at most 64 characters, from which the ids derive; by default a random one.

    Raises:
        CliError: a row breaks the contract, no version serves, or the model fails.
    """
    record = ledger.read(session, model)
    spec, champion = record.serving(), record.champion_in_service()
    contract, target = DataContract.of(spec["data"]), spec["target"]
    if not rows:
        raise CliError("there are no rows to predict")
    body = _body([_values(row, number, contract, target) for number, row in enumerate(rows, start=1)])
    endpoint, name = champion["endpoint"], name or uuid.uuid4().hex
    variant, answer = _invoke(session, endpoint, body, key, name)
    lines = [line for line in csv.reader(answer.splitlines()) if line]
    if len(lines) != len(rows):
        raise CliError(f"{endpoint} answered {len(lines)} lines for {len(rows)} rows; output_fn in inference.py must write one line a row")
    ids = [name] if len(rows) == 1 else [f"{name}#{number}" for number in range(len(rows))]
    predictions = [Prediction(row, values[0], values, id_) for row, values, id_ in zip(rows, lines, ids, strict=True)]
    return Predictions(endpoint, variant, body, predictions)


def _invoke(session: Session, endpoint: str, body: str, key: str | None, name: str) -> tuple[str | None, str]:
    """The variant that answers, and its answer."""
    chosen = {"TargetVariant": _variant(session, endpoint, key)} if key else {}
    try:
        response = session.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=body, InferenceId=name, **chosen)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ModelError":
            raise
        raise CliError(f"the model behind {endpoint} failed: {error.response['Error']['Message']}") from error
    return response.get("InvokedProductionVariant"), response["Body"].read().decode()


def _variant(session: Session, endpoint: str, key: str) -> str:
    variants = session.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
    return sticky.variant_for(key, {variant["VariantName"]: variant["CurrentWeight"] for variant in variants})


def _values(row: Row, number: int, contract: DataContract, target: str) -> list[str]:
    from noria.data.column_check import fault_of

    features = contract.features(target)
    if unknown := sorted(set(row) - set(contract.required(target))):
        raise CliError(f"row {number} has {', '.join(unknown)}, which the spec does not name; expected: {', '.join(features)}")
    texts = []
    for name in features:
        column, text = contract.columns[name], _text(row.get(name))
        if name not in row and not column.nullable:
            raise CliError(f"row {number} lacks {name!r}; expected: {', '.join(features)}")
        if fault := fault_of(column, text, contract.missing):
            raise CliError(f"row {number}: {name} is {text!r} ({fault}); the contract asks {_rules(column)}")
        texts.append(text)
    return texts


def _text(value: Value) -> str:
    """A value as an upload has it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _rules(column: Column) -> str:
    return json.dumps({name: value for name, value in asdict(column).items() if value and name != "drift"})


def _body(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
