"""The ledger's record of automatic retrainings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from noria.kernel import ledger

if TYPE_CHECKING:
    from noria.healing.shapes import AnnounceHealingInput, DecideHealingInput, HealingDocument
    from noria.kernel.json import Json


def first_document() -> HealingDocument:
    """The document before the first automatic retraining."""
    return {"attempts": [], "attempts_at_escalation": None}


def put_document(event: DecideHealingInput | AnnounceHealingInput, document: HealingDocument) -> Json:
    """A `Put` of the document, on the condition that no other execution has changed it meanwhile; put twice, it is put once."""
    item = ledger.item(ledger.healing(event["model"]), time=event["cause"]["time"], document=document)
    if event["requested_at"]:
        item["requested_at"] = ledger.attribute(event["requested_at"])
    values = {":mine": item["document"]}
    unchanged = "attribute_not_exists(#document)"
    if event["heal"] is not None:
        unchanged, values[":before"] = "#document = :before", {"S": json.dumps(event["heal"])}
    put: Json = {"TableName": event["ledger"], "Item": item, "ExpressionAttributeNames": {"#document": "document"}}
    return {"Put": {**put, "ConditionExpression": f"{unchanged} OR #document = :mine", "ExpressionAttributeValues": values}}
