"""Client code that asks a model's endpoint, ready to be run: Python on boto3, or curl."""

import json
import shlex
from enum import StrEnum
from pathlib import Path

from cli.base import ledger
from cli.base.session import Session
from noria.data.contract import Column, DataContract

#: A value of each type, where the contract names none.
EXAMPLES: dict[str, str | float] = {
    "integer": 1,
    "number": 0.5,
    "boolean": "true",
    "timestamp": "2026-01-31T12:00:00Z",
    "string": "text",
    "category": "text",
    "text": "text",
    "list": "[0.5]",
}
TEMPLATES = Path(__file__).with_name("templates")


class Language(StrEnum):
    """What a snippet is written in."""

    PYTHON = "python"
    CURL = "curl"


def snippet(session: Session, model: str, language: Language) -> str:
    """Client code for a model that serves.

    Raises:
        CliError: no version serves.
    """
    record = ledger.read(session, model)
    spec, endpoint, region = record.serving(), record.champion_in_service()["endpoint"], session.region_name
    contract = DataContract.of(spec["data"])
    row = {name: _example(contract.columns[name]) for name in contract.features(spec["target"])}
    if language == Language.PYTHON:
        local = f", endpoint_url={session.url!r}" if session.url else ""
        return (TEMPLATES / "client.py.txt").read_text().format(region=region, endpoint_url=local, row=_literal(row), endpoint=endpoint)
    url = session.url or f"https://runtime.sagemaker.{region}.amazonaws.com"
    body = shlex.quote(",".join(str(value) for value in row.values()))
    return (TEMPLATES / "client.sh.txt").read_text().format(region=region, body=body, url=shlex.quote(f"{url}/endpoints/{endpoint}/invocations"))


def _example(column: Column) -> str | float:
    """A valid value, as CSV has it."""
    if column.values:
        return column.values[0]
    if known := [bound for bound in column.numbers() if bound is not None]:
        middle = sum(known) / len(known)
        return round(middle) if column.type == "integer" else middle
    return EXAMPLES[column.type]


def _literal(row: dict[str, str | float]) -> str:
    return "{\n" + "".join(f"    {json.dumps(name)}: {value!r},\n" for name, value in row.items()) + "}"
