"""Reads an upload once: its facts for the judgement, and the rows that become the dataset if it is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.adapters import objects
from noria.data import policy
from noria.data.contract import DataContract
from noria.data.ingestion import Ingestion
from noria.data.judge_dataset import needs_csv

if TYPE_CHECKING:
    from noria.data.shapes import Inspection, InspectUploadInput


def inspect_upload(event: InspectUploadInput) -> Inspection:
    """Inspect one object version, and leave its rows in the folder of the upload; rows of an object that is too large are not read.

    Raises:
        TransientError: S3 failed in a way that a later call may not.
    """
    bucket, folder = event["bucket"], event["folder"]
    spec = event["spec"] if event["size"] <= policy.MOST_BYTES else None
    contract = DataContract.of(spec["data"]) if spec else None
    with Ingestion(contract, spec["target"] if spec else "") as ingestion:
        facts = ingestion.read(lambda: objects.ObjectSource(bucket, event["key"], event["version"]))
        if contract and spec:
            is_accepted = policy.judge(facts, contract, spec["target"]).outcome == policy.ACCEPTED
            for name, content, kind in ingestion.objects(needs_csv(spec)) if is_accepted else ingestion.bad_objects():
                objects.put(bucket, folder + name, content, kind)
    return facts
