"""What happens to one upload: the verdict, where it goes, and every request that brings it there."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Self
from urllib.parse import quote

from noria.data import policy
from noria.data.contract import DataContract, is_model_name
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.identity import digest
from noria.kernel.json import Json
from noria.kernel.verdict import Verdict

#: A quarantined upload whose folder names no model lies under this one.
NAMELESS = "unknown"
#: Longest file name under quarantine/, percent-encoded.
MOST_CHARACTERS = 400


@dataclass(frozen=True)
class Upload:
    """One object version, as its event names it."""

    bucket: str
    key: str
    version: str
    size: int


@dataclass(frozen=True)
class Facts:
    """What the judgement is given; `spec` is the published document, or nothing."""

    model: str
    upload: Upload
    spec: Json | None
    profile: Json
    cause: EventContext
    ledger: str

    @classmethod
    def of(cls, event: Json) -> Self:
        return cls(event["model"], Upload(**event["upload"]), event["spec"], event["profile"], EventContext(**event["cause"]), event["ledger"])


def judge_dataset(event: Json) -> Json:
    """Judge an upload by its contract.

    Args:
        event: the fields of `Facts`; `spec` is the published document, or null.

    Returns:
        `{outcome, verdict, dataset, curate, copy, report, record, entry}`: what the machine does next, as complete requests.
    """
    facts = Facts.of(event)
    spec = facts.spec if facts.spec and is_model_name(facts.model) else None
    if spec:
        verdict = policy.judge(facts.profile, DataContract.of(spec["data"]), spec["target"])
    else:
        verdict = policy.unknown_model(facts.model)
    model = facts.model if is_model_name(facts.model) else NAMELESS
    # The same bytes for the same spec are the same dataset, however often they are uploaded.
    dataset = digest(model, facts.profile["digest"], spec["id"] if spec else None)
    return {"outcome": verdict.outcome, "verdict": verdict.to_json(), "dataset": dataset, **_requests(facts, verdict, spec, model, dataset)}


def _requests(facts: Facts, verdict: Verdict, spec: Json | None, model: str, dataset: str) -> Json:
    accepted = verdict.outcome == policy.ACCEPTED
    folder = f"{'curated' if accepted else 'quarantine'}/{model}/{dataset}/"
    upload, name = facts.upload, _file_name(facts.upload.key)
    data = {
        "dataset": dataset,
        "bucket": upload.bucket,
        "location": f"{folder}data.csv" if accepted else f"{folder}{name}",
        "verdict": f"{folder}verdict.json",
        "source": asdict(upload),
        "spec": spec["id"] if spec else None,
        "train": bool(spec and spec["train"]["on_upload"]),
        "digest": facts.profile["digest"],
        "rows": facts.profile["rows"] - facts.profile["bad_rows"],
        "set_aside": facts.profile["bad_rows"],
        "reasons": verdict.to_json()["reasons"],
    }
    report = {**data, "outcome": verdict.outcome, "profile": facts.profile}
    message = "DatasetAccepted" if accepted else "DatasetQuarantined"
    source = f"{upload.bucket}/{quote(upload.key)}?versionId={quote(upload.version)}"
    return {
        "curate": {"bucket": upload.bucket, "key": upload.key, "version": upload.version, "folder": folder},
        "copy": {"Bucket": upload.bucket, "Key": data["location"], "CopySource": source, "TaggingDirective": "REPLACE"},
        "report": {"Bucket": upload.bucket, "Key": data["verdict"], "Body": report, "ContentType": "application/json"},
        "record": _record(facts, model, dataset, data, spec, verdict),
        "entry": put_events_entry("data", message, model, dataset, facts.cause, data),
    }


def _record(facts: Facts, model: str, dataset: str, data: Json, spec: Json | None, verdict: Verdict) -> Json:
    """The dataset in the ledger, with the spec that judged it.

    Until a run has taken it, the same content may come again: so an announcement that was lost is made good by a second
    upload, and one that was not says the same event, which a run takes once.
    """
    item = {
        "pk": {"S": f"MODEL#{model}"},
        "sk": {"S": f"DATASET#{dataset}"},
        "status": {"S": verdict.outcome},
        "time": {"S": facts.cause.time},
        "document": {"S": json.dumps(data)},
        "spec": {"S": json.dumps(spec)},
    }
    return {"TableName": facts.ledger, "Item": item, "ConditionExpression": "attribute_not_exists(claims)"}


def _file_name(key: str) -> str:
    """The last part of a key, harmless in any path: letters, digits and `._-`; other characters are percent-encoded."""
    name = quote(key.rsplit("/", 1)[-1], safe="")
    # Cut from the front, never inside an escape: S3 takes keys of 1,024 bytes.
    name = re.sub(r"^[0-9A-F]{0,2}(?=%)", "", name[-MOST_CHARACTERS:]) if len(name) > MOST_CHARACTERS else name
    return name if name.strip(".") else "data"
