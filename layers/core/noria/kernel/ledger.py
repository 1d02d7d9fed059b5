"""Every key and item of the ledger: one DynamoDB table with the keys `pk` and `sk`, in DynamoDB's own JSON.

The state machines spell the same keys in JSONata; a contract test holds them against this module.
"""

import json
from collections.abc import Mapping
from typing import Any

#: A value in DynamoDB's JSON: `{"S": "text"}` or `{"N": "1"}`.
Attribute = dict[str, Any]
#: An item, or the key of one.
Item = dict[str, Attribute]

MODELS, SPEC, CHAMPION, LOCK, MONITOR, HEAL, CLAIM = "MODELS", "SPEC", "CHAMPION", "LOCK", "MONITOR", "HEAL", "CLAIM"
#: The attribute of a quarantined dataset that lists its corrected copies.
CORRECTIONS = "corrections"
DATASET, RUN, RELEASE, ROLLBACK, APPROVAL, WAIT = "DATASET", "RUN", "RELEASE", "ROLLBACK", "APPROVAL", "WAIT"


def key(pk: str, sk: str) -> Item:
    """A key out of its two parts."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def model_partition(model: str) -> str:
    """The partition that holds every item of one model."""
    return f"MODEL#{model}"


def listed_model(model: str) -> Item:
    """The entry of a model in the list of all published models."""
    return key(MODELS, model)


def published_spec(model: str) -> Item:
    """The spec that uploads are judged by now."""
    return key(model_partition(model), SPEC)


def spec(model: str, spec_id: str) -> Item:
    """One published spec, for ever."""
    return key(model_partition(model), f"{SPEC}#{spec_id}")


def dataset(model: str, dataset_id: str) -> Item:
    """One dataset, accepted or quarantined."""
    return key(model_partition(model), f"{DATASET}#{dataset_id}")


def run(model: str, run_id: str) -> Item:
    """One run and its evaluation."""
    return key(model_partition(model), f"{RUN}#{run_id}")


def release(model: str, release_id: str) -> Item:
    """One release of a version."""
    return key(model_partition(model), f"{RELEASE}#{release_id}")


def rollback(model: str, rollback_id: str) -> Item:
    """One rollback."""
    return key(model_partition(model), f"{ROLLBACK}#{rollback_id}")


def approval(model: str, run_id: str) -> Item:
    """The request for approval of a run's version that waits for a person."""
    return key(model_partition(model), f"{APPROVAL}#{run_id}")


def champion(model: str) -> Item:
    """The version that serves."""
    return key(model_partition(model), CHAMPION)


def release_lock(model: str) -> Item:
    """The lock that a release or a rollback of a model holds."""
    return key(model_partition(model), LOCK)


def monitoring(model: str) -> Item:
    """The last monitoring run of the champion."""
    return key(model_partition(model), MONITOR)


def healing(model: str) -> Item:
    """The automatic retrainings of a model."""
    return key(model_partition(model), HEAL)


def claim(subject: str) -> Item:
    """The claim by which one execution takes an event; `subject` is the thing that the event is about."""
    return key(f"{CLAIM}#{subject}", CLAIM)


def lock_waiter(model: str, execution: str) -> Item:
    """The task token of an execution that waits for a model's lock."""
    return key(f"{LOCK}#{model}", f"{WAIT}#{execution}")


def endpoint_waiter(endpoint: str, execution: str) -> Item:
    """The task token of an execution that waits until an endpoint has settled."""
    return key(f"ENDPOINT#{endpoint}", f"{WAIT}#{execution}")


def item(of: Item, **values: Any) -> Item:
    """An item: its key with attributes; text becomes `S`, a number `N`, everything else the JSON of itself as `S`."""
    return {**of, **{name: attribute(value) for name, value in values.items()}}


def attribute(value: Any) -> Attribute:
    """One value in DynamoDB's JSON."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"N": str(value)}
    return {"S": json.dumps(value)}


def text(stored: Mapping[str, Any], name: str, default: str = "") -> str:
    """The text of an attribute; the default where the item lacks it."""
    return str(stored.get(name, {}).get("S", default))


def texts(stored: Mapping[str, Any]) -> dict[str, str]:
    """Every attribute of an item that is text."""
    return {name: value["S"] for name, value in stored.items() if "S" in value}


def plain(stored: Mapping[str, Any]) -> dict[str, str]:
    """Texts and numbers of an item, both as text."""
    return {name: str(next(iter(value.values()))) for name, value in stored.items()}


def entry(document: Any) -> Attribute:
    """A list of one JSON document: what is appended to an attribute that lists some."""
    return {"L": [attribute(json.dumps(document))]}


def entries(stored: Mapping[str, Any], name: str) -> list[Any]:
    """The JSON documents that an attribute lists; none where the item lacks it."""
    return [json.loads(value["S"]) for value in stored.get(name, {}).get("L", [])]


def document(stored: Mapping[str, Any]) -> Any:
    """The JSON document that an item carries; an empty object where it carries none."""
    return json.loads(text(stored, "document", "{}"))
