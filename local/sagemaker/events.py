"""What SageMaker tells EventBridge: state changes on the default bus, in the shape of AWS's own samples.

Source: "Events that Amazon SageMaker AI sends to Amazon EventBridge", SageMaker developer guide.
"""

import json
import re
from typing import Any

from ministack.services import eventbridge

from local.sagemaker.families import Record, answer_members


def state_changed(noun: str, record: Record, **more: Any) -> None:
    """Send `SageMaker <Noun> State Change` with what Describe tells of the record, and what only its event tells."""
    members = answer_members(f"Describe{noun}")
    detail: dict[str, Any] = {key: _times(key, value) for key, value in record.items() if key in members}
    detail["Tags"] = {tag["Key"]: tag["Value"] for tag in record.get("Tags", [])}
    if noun == "Endpoint":
        detail["EndpointStatus"] = re.sub(r"(?<!^)(?=[A-Z])", "_", record["EndpointStatus"]).upper()
    detail |= more
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", noun)
    entry = {
        "Source": "aws.sagemaker",
        "DetailType": f"SageMaker {words} State Change",
        "Detail": json.dumps(detail, default=str),
        "Resources": [record[f"{noun}Arn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _times(key: str, value: Any) -> Any:
    """Times are milliseconds since the epoch in these events."""
    return int(value * 1000) if key.endswith("Time") and isinstance(value, float) else value
