"""Data capture: requests and answers as JSON Lines in S3, in SageMaker's layout.

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
from datetime import UTC, datetime
from typing import Any

from local import clock
from local.sagemaker import storage
from local.sagemaker.errors import JobFailedError

Json = dict[str, Any]
#: Lines go out when this many have come or this long has passed (seconds).
MOST_LINES, FLUSH_SECONDS, SHORTEST_FLUSH_SECONDS = 200, 30.0, 0.5

_pending: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
_lock = threading.Lock()


def take(config: Json, role: str, endpoint: str, variant: str, request: tuple[str, bytes], answer: tuple[str, bytes], inference_id: str | None = None) -> None:
    """Remember one request and its answer, where the configuration asks for it.

    Args:
        config: `DataCaptureConfig` of the endpoint's configuration.
        request, answer: content type and body.
        inference_id: the name that the client gave to the request.
    """
    if not config.get("EnableCapture") or random.random() * 100 >= config.get("InitialSamplingPercentage", 100):
        return
    modes = {option["CaptureMode"] for option in config.get("CaptureOptions", [])}
    sides = {"Input": ("endpointInput", "INPUT", request), "Output": ("endpointOutput", "OUTPUT", answer)}
    captured = {name: _side(mode, *side) for option, (name, mode, side) in sides.items() if option in modes or "InputAndOutput" in modes}
    event = {"eventId": str(uuid.uuid4()), "inferenceTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if inference_id:
        event["inferenceId"] = inference_id
    line = json.dumps({"captureData": captured, "eventMetadata": event, "eventVersion": "0"})
    key = (role, config["DestinationS3Uri"].rstrip("/"), endpoint, variant)
    with _lock:
        _pending[key].append(line)
        count = len(_pending[key])
    if count == 1:
        timer = threading.Timer(max(SHORTEST_FLUSH_SECONDS, clock.scaled(FLUSH_SECONDS)), copy_context().run, (_flush, key))
        timer.daemon = True
        timer.start()
    elif count >= MOST_LINES:
        threading.Thread(target=copy_context().run, args=(_flush, key), daemon=True).start()


def _side(mode: str, content_type: str, body: bytes) -> Json:
    """Text as text, by its content type; anything else in Base64."""
    encoding = "CSV" if "csv" in content_type else "JSON" if "json" in content_type else "BASE64"
    data = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode(errors="replace")
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}


def _flush(key: tuple[str, str, str, str]) -> None:
    with _lock:
        lines = _pending.pop(key, [])
    if not lines:
        return
    role, destination, endpoint, variant = key
    now = time.time()
    folder = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d/%H/%M-%S")
    name = f"{destination}/{endpoint}/{variant}/{folder}-{int(now * 1000) % 1000:03}-{uuid.uuid4()}.jsonl"
    try:
        storage.write(role, name, ("\n".join(lines) + "\n").encode())
    except JobFailedError:
        # As on AWS, a role that may not write its captures costs the captures, not the answers.
        return
