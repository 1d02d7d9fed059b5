"""Judges one upload by its contract, and plans all that follows: where it goes, and every request that brings it there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from noria.data import policy
from noria.data.contract import DataContract, is_model_name
from noria.data.events import DatasetAccepted, DatasetQuarantined
from noria.kernel import lake, ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.identity import digest
from noria.kernel.values import parse_timestamp

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import PutItemInputTypeDef
    from types_boto3_s3.type_defs import CopyObjectRequestTypeDef

    from noria.data.shapes import JudgeDatasetInput, JudgeDatasetResult, Upload
    from noria.kernel.published_spec import PublishedSpec
    from noria.kernel.verdict import Verdict

#: A quarantined upload whose folder names no model lies under this one.
NAMELESS = "unknown"
#: Longest file name under quarantine/, percent-encoded.
MOST_CHARACTERS = 400


def judge_dataset(event: JudgeDatasetInput) -> JudgeDatasetResult:
    """Judge an upload by its contract.

    Returns:
        What the machine does next, as complete requests.
    """
    spec = event["spec"] if event["spec"] and is_model_name(event["model"]) else None
    if spec:
        verdict = policy.judge(event["profile"], DataContract.of(spec["data"]), spec["target"], parse_timestamp(event["cause"]["time"]))
    else:
        verdict = policy.unknown_model(event["model"])
    model = event["model"] if is_model_name(event["model"]) else NAMELESS
    # The same bytes for the same spec are the same dataset, however often they are uploaded.
    dataset = digest(model, event["profile"]["digest"], spec["id"] if spec else None)
    return _Decision(event, verdict, spec, model, dataset).result()


@dataclass(frozen=True)
class _Decision:
    """An upload that was judged; `spec` is the published one, or nothing."""

    event: JudgeDatasetInput
    verdict: Verdict
    spec: PublishedSpec | None
    model: str
    dataset: str

    def result(self) -> JudgeDatasetResult:
        upload, published = self.event["upload"], self._published()
        report = {**published.to_json(), "outcome": self.verdict.outcome, "profile": self.event["profile"]}
        return {
            "outcome": "accepted" if self._accepted else "quarantined",
            "verdict": self.verdict.to_json(),
            "dataset": self.dataset,
            "copies": self._copies(upload, published.location),
            "report": {"Bucket": upload["bucket"], "Key": published.verdict, "Body": report, "ContentType": "application/json"},
            "record": self._record(published),
            "entry": put_events_entry(published, self.model, self.dataset, EventContext(**self.event["cause"])),
        }

    @property
    def _accepted(self) -> bool:
        return self.verdict.outcome == policy.ACCEPTED

    @property
    def _folder(self) -> str:
        return (lake.curated if self._accepted else lake.quarantine)(self.model, self.dataset)

    def _published(self) -> DatasetAccepted | DatasetQuarantined:
        upload, profile = self.event["upload"], self.event["profile"]
        return (DatasetAccepted if self._accepted else DatasetQuarantined)(
            dataset=self.dataset,
            bucket=upload["bucket"],
            location=self._folder + (lake.DATA if self._accepted else _file_name(upload["key"])),
            verdict=self._folder + lake.VERDICT,
            source=upload,
            spec=self.spec["id"] if self.spec else None,
            train=bool(self.spec and self.spec["train"]["on_upload"]),
            digest=profile["digest"],
            rows=profile["rows"] - profile["bad_rows"],
            set_aside=profile["bad_rows"],
            reasons=self.verdict.to_json()["reasons"],
        )

    def _copies(self, upload: Upload, location: str) -> list[CopyObjectRequestTypeDef]:
        """An accepted upload's rows and profiles, which wait in its staging folder; or the upload itself, beside the rows that are bad."""
        bucket, waiting = upload["bucket"], self.event["folder"]
        names = [lake.SET_ASIDE] if self.event["profile"]["bad_rows"] else []
        if self._accepted:
            names += [lake.DATA, lake.PROFILE, lake.BLOCKS, *([lake.DATA_CSV] if self.spec and needs_csv(self.spec) else [])]
        copies = [_copy(bucket, lake.copy_source(bucket, waiting + name), self._folder + name) for name in names]
        if not self._accepted:
            copies.append(_copy(bucket, lake.copy_source(bucket, upload["key"], upload["version"]), location))
        return copies

    def _record(self, published: DatasetAccepted | DatasetQuarantined) -> PutItemInputTypeDef:
        """The dataset in the ledger, with the spec that judged it.

        Until a run has taken it, the same content may come again: so an announcement that was lost is made good by a second
        upload, and one that was not is the same event, which a run takes once. A quarantined dataset of which a corrected copy was
        released stays on record with it.
        """
        key = ledger.dataset(self.model, self.dataset)
        item = ledger.item(key, status=self.verdict.outcome, time=self.event["cause"]["time"], document=published.to_json(), spec=self.spec)
        untouched = f"attribute_not_exists(claims) AND attribute_not_exists({ledger.CORRECTIONS})"
        return {"TableName": self.event["ledger"], "Item": item, "ConditionExpression": untouched}


def _copy(bucket: str, source: str, key: str) -> CopyObjectRequestTypeDef:
    return {"Bucket": bucket, "Key": key, "CopySource": source, "TaggingDirective": "REPLACE"}


def needs_csv(spec: PublishedSpec) -> bool:
    """Whether a dataset is written as CSV besides: for the project's own preprocessing script."""
    return spec["preprocess"]["script"] is not None


def _file_name(key: str) -> str:
    """The last part of a key, harmless in any path: letters, digits and `._-`; other characters are percent-encoded."""
    name = quote(key.rsplit("/", 1)[-1], safe="")
    # Cut from the front, never inside an escape: S3 takes keys of 1,024 bytes.
    name = re.sub(r"^[0-9A-F]{0,2}(?=%)", "", name[-MOST_CHARACTERS:]) if len(name) > MOST_CHARACTERS else name
    return name if name.strip(".") else "data"
