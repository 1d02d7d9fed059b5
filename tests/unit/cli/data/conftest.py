"""Ingestion as its machine does it, without the machine: an upload is inspected, judged, moved and recorded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cli.base import ledger
from cli.project.publish import publish
from noria.data.judge_dataset import judge_dataset
from noria.data.read_upload import inspect_upload
from tests.local.small_model import SPEC, project


@pytest.fixture
def churn(stack, tmp_path) -> Callable[[str], Any]:
    """Publishes the model `churn`, whose data block may have more lines."""

    def published(data: str = "") -> Any:
        folder = project(tmp_path / "churn", "churn")
        text = SPEC.format(name="churn", gate=0.9, minutes=5)
        (folder / "model.yaml").write_text(text.replace("  key: [id]\n", f"  key: [id]\n{data}"))
        return publish(stack, folder)

    return published


@pytest.fixture
def ingest(stack) -> Callable[..., str]:
    """Ingests the newest object of a key: `ingest("incoming/churn/rows.csv")`; the id of the dataset."""

    def ingested(key: str, time: str = "2026-01-01T00:00:00+00:00") -> str:
        model = key.split("/")[1]
        head = stack.s3.head_object(Bucket="lake", Key=key)
        place = {"bucket": "lake", "key": key, "version": head["VersionId"], "size": head["ContentLength"]}
        spec, folder = ledger.read(stack, model).spec, f"staging/{head['VersionId']}/"
        facts = inspect_upload({**place, "spec": spec, "model": model, "folder": folder})
        cause = {"bus": "bus", "stage": "noria", "time": time, "correlation_id": "c", "causation_id": "c"}
        event = {"model": model, "folder": folder, "upload": place, "spec": spec, "profile": facts, "cause": cause, "ledger": "ledger"}
        result = judge_dataset(event)
        for copy in result["copies"]:
            # The machine's client takes a source percent-encoded; this one encodes it.
            stack.s3.copy_object(**{**copy, "CopySource": unquote(copy["CopySource"])})
        stack.s3.put_object(**{**result["report"], "Body": json.dumps(result["report"]["Body"])})
        stack.dynamodb.put_item(**result["record"])
        return result["dataset"]

    return ingested


@pytest.fixture
def upload_bytes(stack, ingest) -> Callable[..., str]:
    """Uploads bytes by any client and ingests them: `upload_bytes("rows.csv", b"…")`; the id of the dataset."""

    def uploaded(name: str, body: bytes | str | Path, model: str = "churn", **facts: str) -> str:
        content = body.read_bytes() if isinstance(body, Path) else body
        stack.s3.put_object(Bucket="lake", Key=f"incoming/{model}/{name}", Body=content)
        return ingest(f"incoming/{model}/{name}", **facts)

    return uploaded
