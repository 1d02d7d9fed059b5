"""Data capture: requests and responses as JSON Lines in S3, in SageMaker's layout.

Source: "Interpret model monitoring results: captured data", SageMaker developer guide.
"""

import base64
import json
import random
import threading
import time
import uuid
from collections import defaultdict
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local import clock
from local.sagemaker import storage
from local.sagemaker.errors import JobFailedError

Json = dict[str, Any]
#: Lines are written when there are so many, or after so long (seconds).
MOST_LINES, FLUSH_SECONDS, SHORTEST_FLUSH_SECONDS = 200, 30.0, 0.5


@dataclass(frozen=True)
class Destination:
    """Where the captured data of a variant goes.

    Attributes:
        config: `DataCaptureConfig` of the endpoint's configuration.
        role: the role that writes it.
    """

    config: Json
    role: str
    endpoint: str
    variant: str

    @property
    def prefix(self) -> str:
        return f"{self.config['DestinationS3Uri'].rstrip('/')}/{self.endpoint}/{self.variant}"


#: Lines to write, by role and prefix.
_pending: dict[tuple[str, str], list[str]] = defaultdict(list)
_lock = threading.Lock()


def take(destination: Destination, request: tuple[str, bytes], response: tuple[str, bytes], inference_id: str | None = None) -> None:
    """Capture one request and its response, as the configuration samples them.

    Args:
        request, response: content type and body.
        inference_id: the client's name for the request.
    """
    config = destination.config
    if not config.get("EnableCapture") or random.random() * 100 >= config.get("InitialSamplingPercentage", 100):
        return
    modes = {option["CaptureMode"] for option in config.get("CaptureOptions", [])}
    sides = {"Input": ("endpointInput", "INPUT", request), "Output": ("endpointOutput", "OUTPUT", response)}
    data = {name: _encode(mode, *side) for option, (name, mode, side) in sides.items() if option in modes or "InputAndOutput" in modes}
    event = {"eventId": str(uuid.uuid4()), "inferenceTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if inference_id:
        event["inferenceId"] = inference_id
    _add(destination, json.dumps({"captureData": data, "eventMetadata": event, "eventVersion": "0"}))


def _add(destination: Destination, line: str) -> None:
    key = (destination.role, destination.prefix)
    with _lock:
        _pending[key].append(line)
        count = len(_pending[key])
    if count == 1:
        timer = threading.Timer(max(SHORTEST_FLUSH_SECONDS, clock.scaled(FLUSH_SECONDS)), copy_context().run, (_flush, key))
        timer.daemon = True
        timer.start()
    elif count >= MOST_LINES:
        threading.Thread(target=copy_context().run, args=(_flush, key), daemon=True).start()


def _encode(mode: str, content_type: str, body: bytes) -> Json:
    """CSV and JSON as text, anything else in Base64."""
    encoding = "CSV" if "csv" in content_type else "JSON" if "json" in content_type else "BASE64"
    data = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode(errors="replace")
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}


def _flush(key: tuple[str, str]) -> None:
    with _lock:
        lines = _pending.pop(key, [])
    if not lines:
        return
    role, prefix = key
    now = time.time()
    folder = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d/%H/%M-%S")
    uri = f"{prefix}/{folder}-{int(now * 1000) % 1000:03}-{uuid.uuid4()}.jsonl"
    try:
        storage.write(role, uri, ("\n".join(lines) + "\n").encode())
    except JobFailedError:
        # As on AWS, a role without permission to write captured data loses the data, not the responses.
        return
