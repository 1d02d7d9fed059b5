"""The lock of a model: one release or rollback at a time holds it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from noria.kernel import ledger

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from noria.release.shapes.admission import ApprovedVersion
    from noria.release.shapes.deployment import StopAlarm

#: A lock expires after this, should its holder never free it (seconds); a machine that ends otherwise loses it at once.
LOCK_SECONDS = 172_800
TAKE = (
    "SET holder = :me, expires = :later, package = :package, began = :began, approved_at = :approved, stop_alarm = :stop_alarm "
    "REMOVE stop_request, wait_request"
)


def take_lock(table: str, version: ApprovedVersion, holder: str, time: str, stop_alarm: StopAlarm | None) -> TransactWriteItemTypeDef:
    """The part of a transaction that takes a free lock, or an expired one.

    Args:
        holder: ARN of the execution.
        time: ISO 8601.
        stop_alarm: switches on the alarm that stops the release; nothing where the release itself reads who asks it to end.
    """
    now = int(datetime.fromisoformat(time).timestamp())
    values = {
        ":me": holder,
        ":package": version["package"],
        ":approved": str(version["approved_at"]),
        ":began": time,
        ":now": now,
        ":later": now + LOCK_SECONDS,
        ":stop_alarm": stop_alarm,
    }
    return {
        "Update": {
            "TableName": table,
            "Key": ledger.release_lock(version["model"]),
            "UpdateExpression": TAKE,
            "ConditionExpression": "attribute_not_exists(holder) OR holder = :me OR expires < :now",
            "ExpressionAttributeValues": {name: ledger.attribute(value) for name, value in values.items()},
        }
    }


def free_lock(table: str, model: str, holder: str) -> TransactWriteItemTypeDef:
    """The part of a transaction that frees a lock; it fails where somebody else holds it."""
    return {
        "Delete": {
            "TableName": table,
            "Key": ledger.release_lock(model),
            "ConditionExpression": "attribute_not_exists(pk) OR holder = :me",
            "ExpressionAttributeValues": {":me": ledger.attribute(holder)},
        }
    }
