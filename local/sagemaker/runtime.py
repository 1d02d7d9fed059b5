"""`InvokeEndpoint`: routed to a variant's server, with AWS's limits and errors.

Source: InvokeEndpoint, SageMaker Runtime API reference.
"""

import json
import threading
import uuid
from contextlib import ExitStack, suppress
from contextvars import copy_context

from local.sagemaker import capture, endpoints, fleets
from local.sagemaker.errors import ApiError
from local.sagemaker.families import Record
from local.sagemaker.fleets import Stopwatch, Variant
from local.sagemaker.servers import Reply, ServerStoppedError

Answer = tuple[int, dict[str, str], bytes]
#: Largest body of a real-time request (bytes).
MAX_BODY = 6_291_456
#: An update replaces a fleet once; no request meets it more often than this.
CHOICES = 5


def invoke(endpoint: str, headers: dict[str, str], body: bytes) -> Answer:
    """One request and its answer on the wire."""
    try:
        if len(body) > MAX_BODY:
            raise ApiError("ValidationError", f"Request body size {len(body)} bytes exceeds the limit of {MAX_BODY} bytes")
        try:
            variant, reply = _asked(endpoint, headers, body)
        except OSError as error:
            raise ApiError("ModelError", _words(endpoint, 0, str(error)), 424, {"OriginalStatusCode": 0, "OriginalMessage": str(error)}) from error
        if reply.status >= 400:
            told = reply.body.decode(errors="replace")
            raise ApiError("ModelError", _words(endpoint, reply.status, told), 424, {"OriginalStatusCode": reply.status, "OriginalMessage": told})
    except ApiError as error:
        payload = json.dumps({"message": error.message, "Message": error.message, **error.fields}).encode()
        return error.status, {"Content-Type": "application/json", "x-amzn-errortype": error.code, "x-amzn-requestid": str(uuid.uuid4())}, payload
    # In lower case, the gateway leaves it alone: a model's JSON is no envelope of the protocol.
    return 200, {"content-type": reply.content_type, "x-Amzn-Invoked-Production-Variant": variant, "x-amzn-requestid": str(uuid.uuid4())}, reply.body


def _asked(endpoint: str, headers: dict[str, str], body: bytes) -> tuple[str, Reply]:
    """The variant and its answer; an instance that is taken away between the choice and the request is chosen anew."""
    content_type, accept = headers.get("content-type", "application/json"), headers.get("accept", "*/*")
    name = headers.get("x-amzn-sagemaker-inference-id")
    whole = Stopwatch()
    for _ in range(CHOICES):
        serving, record = endpoints.serving(endpoint)
        fleet = serving.chosen()
        variant = fleet.chosen(headers.get("x-amzn-sagemaker-target-variant"))
        try:
            reply = _measured(record, variant, whole, content_type, accept, body, name)
        except ServerStoppedError:
            continue
        for shadow in fleet.copied():
            threading.Thread(target=copy_context().run, args=(_shadowed, record, shadow, content_type, accept, body, name), daemon=True).start()
        return variant.name, reply
    raise ConnectionError(f"the servers of {endpoint} were replaced {CHOICES} times during one request")


def _measured(record: Record, variant: Variant, whole: Stopwatch, content_type: str, accept: str, body: bytes, inference_id: str | None) -> Reply:
    name, server, model = record["EndpointName"], variant.server(), Stopwatch()
    with ExitStack() as request:
        try:
            # A server that was ended while it was idle is no latency that AWS has.
            with whole.paused(), model.paused():
                request.enter_context(server.running())
            reply = server.invoke(body, content_type, accept)
        except OSError:
            fleets.measure(name, variant, None, model.seconds, whole.seconds - model.seconds)
            raise
    seconds = model.seconds
    fleets.measure(name, variant, reply, seconds, whole.seconds - seconds)
    if reply.status < 400 and (config := endpoints.capture_of(record)):
        capture.take(config, server.role, name, variant.name, (content_type, body), (reply.content_type, reply.body), inference_id)
    return reply


def _shadowed(record: Record, shadow: Variant, content_type: str, accept: str, body: bytes, inference_id: str | None) -> None:
    """A copy for a shadow variant; what it answers goes to its metrics and captures, and to nobody."""
    with suppress(OSError, ServerStoppedError):
        _measured(record, shadow, Stopwatch(), content_type, accept, body, inference_id)


def _words(endpoint: str, status: int, told: str) -> str:
    kind = "server error (500)" if status == 500 else f"client error ({status})" if 400 <= status < 500 else f"server error ({status})"
    return f'Received {kind} from primary with message "{told[:900]}". See /aws/sagemaker/Endpoints/{endpoint} in CloudWatch Logs.'
