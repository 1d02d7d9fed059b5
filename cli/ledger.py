"""Reads the ledger: what a model is and what has happened to it."""

import json
from dataclasses import dataclass, field
from typing import Any

from cli.errors import CliError
from cli.session import Session

Json = dict[str, Any]


@dataclass
class Story:
    """One model's items, newest first.

    Attributes:
        spec: the published document, or nothing.
        asking: versions that wait for a person.
        lock: who releases or rolls back just now, or nothing.
        specs: every document that was ever published, by its id.
        champion: what serves, or nothing.
        look: the last look at what serves, or nothing.
        healings: trainings that Noria began by itself, oldest first.
    """

    model: str
    spec: Json | None = None
    specs: dict[str, Json] = field(default_factory=dict)
    champion: Json | None = None
    datasets: list[Json] = field(default_factory=list)
    runs: list[Json] = field(default_factory=list)
    releases: list[Json] = field(default_factory=list)
    rollbacks: list[Json] = field(default_factory=list)
    asking: list[Json] = field(default_factory=list)
    lock: Json | None = None
    look: Json | None = None
    healings: list[Json] = field(default_factory=list)

    def published(self) -> Json:
        """The spec.

        Raises:
            CliError: nobody has published this model.
        """
        if self.spec is None:
            raise CliError(f"no model named {self.model!r} is published here; run: noria publish models/{self.model}")
        return self.spec

    def serving(self) -> Json:
        """The spec of what serves, which may be older than what is published; the published one where nothing serves yet.

        Raises:
            CliError: nobody has published this model.
        """
        published = self.published()
        return self.specs.get((self.champion or {}).get("spec", ""), published)


def read(session: Session, model: str) -> Story:
    """Every item of one model."""
    story, table = Story(model), session.outputs["LedgerTable"]
    pages = session.dynamodb.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": f"MODEL#{model}"}}, ConsistentRead=True
    )
    for page in pages:
        for item in page["Items"]:
            _place(story, item["sk"]["S"], {name: next(iter(value.values())) for name, value in item.items()})
    for listed in (story.datasets, story.runs, story.releases, story.rollbacks):
        listed.sort(key=lambda record: record["time"], reverse=True)
    return story


def _place(story: Story, sort_key: str, item: Json) -> None:
    kind = sort_key.split("#")[0]
    if kind == "LOCK":
        story.lock = item
        return
    if kind == "APPROVAL":
        story.asking.append({"package": item["package"], "time": item["time"]})
        return
    document = json.loads(item.get("document", "{}"))
    if sort_key == "SPEC":
        story.spec = document
    elif kind == "SPEC":
        story.specs[document["id"]] = document
    elif sort_key == "CHAMPION":
        story.champion = {**document, "time": item["time"], "sagemaker_model": item["sagemaker_model"]}
    elif sort_key == "MONITOR":
        story.look = {**document, "time": item["time"]}
    elif sort_key == "HEAL":
        story.healings = document.get("attempts", [])
    else:
        _list(story, kind, sort_key, document, item)


def _list(story: Story, kind: str, sort_key: str, document: Json, item: Json) -> None:
    """What there may be several of."""
    if kind == "DATASET":
        story.datasets.append({**document, "status": item["status"], "time": item["time"]})
    elif kind == "RUN":
        story.runs.append({**document, "status": item["status"], "time": item["ended"]})
    elif kind == "RELEASE":
        story.releases.append({**document, "status": item["status"], "time": item["time"]})
    elif kind == "ROLLBACK":
        story.rollbacks.append({**document, "id": sort_key.split("#", 1)[1], "status": item["status"], "time": item["time"]})
