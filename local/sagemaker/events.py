"""Publishes SageMaker's state changes to the default event bus, in the shape of AWS's own samples.

Source: "Events that Amazon SageMaker AI sends to Amazon EventBridge", SageMaker developer guide.
"""

import json
import re
from typing import Any

from ministack.services import eventbridge

from local.sagemaker.resources import Record, output_members


def publish_state_change(noun: str, record: Record, **fields: Any) -> None:
    """Send `SageMaker <Noun> State Change`.

    Args:
        record: the resource; the event has those members that Describe returns.
        fields: members that only the event has.
    """
    members = output_members(f"Describe{noun}")
    detail: dict[str, Any] = {key: _milliseconds(key, value) for key, value in record.items() if key in members}
    detail["Tags"] = {tag["Key"]: tag["Value"] for tag in record.get("Tags", [])}
    if noun == "Endpoint":
        detail["EndpointStatus"] = re.sub(r"(?<!^)(?=[A-Z])", "_", record["EndpointStatus"]).upper()
    detail |= fields
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", noun)
    entry = {
        "Source": "aws.sagemaker",
        "DetailType": f"SageMaker {words} State Change",
        "Detail": json.dumps(detail, default=str),
        "Resources": [record[f"{noun}Arn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _milliseconds(key: str, value: Any) -> Any:
    """These events have times in milliseconds since the epoch."""
    return int(value * 1000) if key.endswith("Time") and isinstance(value, float) else value
