"""`InvokeEndpoint`: routes a request to a variant's server, with AWS's limits and errors.

Source: InvokeEndpoint, SageMaker Runtime API reference.
"""

import json
import threading
import uuid
from contextlib import ExitStack, suppress
from contextvars import copy_context
from dataclasses import dataclass

from local.sagemaker import resources
from local.sagemaker.containers.container_server import Reply
from local.sagemaker.containers.model_server import ServerStoppedError
from local.sagemaker.endpoints import capture, deployments, invocation_metrics
from local.sagemaker.endpoints.fleets import Variant
from local.sagemaker.endpoints.invocation_metrics import Stopwatch
from local.sagemaker.errors import ApiError
from local.sagemaker.resources import Record

Answer = tuple[int, dict[str, str], bytes]
#: Largest body of a real-time request (bytes).
MAX_BODY = 6_291_456
#: An update replaces a fleet once; no request meets it more often than this.
CHOICES = 5
#: Characters of the model's response that an error message has.
MESSAGE_CHARACTERS = 900


@dataclass(frozen=True)
class Request:
    """A client's request to a model.

    Attributes:
        inference_id: the client's name for the request, if it has one.
    """

    body: bytes
    content_type: str
    accept: str
    inference_id: str | None


def invoke_endpoint(endpoint: str, headers: dict[str, str], body: bytes) -> Answer:
    """One request and its response on the wire."""
    try:
        variant, reply = _invoke(endpoint, headers, body)
    except ApiError as error:
        payload = json.dumps({"message": error.message, "Message": error.message, **error.fields}).encode()
        return error.status, {"Content-Type": "application/json", "x-amzn-errortype": error.code, "x-amzn-requestid": str(uuid.uuid4())}, payload
    # In lower case, the gateway leaves it alone: a model's JSON is no envelope of the protocol.
    return 200, {"content-type": reply.content_type, "x-Amzn-Invoked-Production-Variant": variant, "x-amzn-requestid": str(uuid.uuid4())}, reply.body


def _invoke(endpoint: str, headers: dict[str, str], body: bytes) -> tuple[str, Reply]:
    """The variant and its response.

    Raises:
        ApiError: the request is invalid, or the model failed or did not answer.
    """
    if len(body) > MAX_BODY:
        raise ApiError("ValidationError", f"Request body size {len(body)} bytes exceeds the limit of {MAX_BODY} bytes")
    request = Request(body, headers.get("content-type", "application/json"), headers.get("accept", "*/*"), headers.get("x-amzn-sagemaker-inference-id"))
    try:
        variant, reply = _route(endpoint, headers.get("x-amzn-sagemaker-target-variant"), request)
    except OSError as error:
        raise _model_error(endpoint, 0, str(error)) from error
    if reply.status >= 400:
        raise _model_error(endpoint, reply.status, reply.body.decode(errors="replace"))
    return variant, reply


def _route(endpoint: str, target: str | None, request: Request) -> tuple[str, Reply]:
    """Choose a variant and invoke it; choose again where its server was stopped after the choice.

    Raises:
        OSError: the model did not answer.
    """
    whole = Stopwatch()
    for _ in range(CHOICES):
        deployment, record = deployments.get(endpoint)
        fleet = deployment.choose_fleet()
        variant = fleet.choose_variant(target)
        try:
            reply = _invoke_variant(record, variant, request, whole, fleet.config if deployment.incoming else None)
        except ServerStoppedError:
            continue
        for shadow in fleet.sample_shadows():
            threading.Thread(target=copy_context().run, args=(_invoke_shadow, record, shadow, request), daemon=True).start()
        return variant.name, reply
    raise ConnectionError(f"the servers of {endpoint} were replaced {CHOICES} times during one request")


def _invoke_variant(record: Record, variant: Variant, request: Request, whole: Stopwatch, config: str | None = None) -> Reply:
    """Invoke the next instance of a variant; record metrics and captured data.

    Args:
        whole: runs since the request came in.
        config: the configuration of the variant's fleet, while two fleets serve.
    """
    name, server, model = record["EndpointName"], variant.next_server(), Stopwatch()
    with ExitStack() as stack:
        try:
            # An idle server that starts again is no latency that AWS has.
            with whole.paused(), model.paused():
                stack.enter_context(server.running())
            reply = server.invoke(request.body, request.content_type, request.accept)
        except OSError:
            invocation_metrics.record(name, variant, None, model.seconds, whole.seconds - model.seconds, config)
            raise
    seconds = model.seconds
    invocation_metrics.record(name, variant, reply, seconds, whole.seconds - seconds, config)
    if reply.status < 400 and (destination := _capture_config(record)):
        capture.take(
            capture.Destination(destination, server.role, name, variant.name),
            (request.content_type, request.body),
            (reply.content_type, reply.body),
            request.inference_id,
        )
    return reply


def _invoke_shadow(record: Record, shadow: Variant, request: Request) -> None:
    """Send a copy to a shadow variant; its response is recorded in metrics and captured data only."""
    with suppress(OSError, ServerStoppedError):
        _invoke_variant(record, shadow, request, Stopwatch())


def _capture_config(record: Record) -> Record | None:
    """`DataCaptureConfig` of the endpoint's configuration, where it captures."""
    if not record.get("DataCaptureConfig", {}).get("EnableCapture"):
        return None
    config: Record | None = (resources.STORE.find("EndpointConfig", record["EndpointConfigName"]) or {}).get("DataCaptureConfig")
    return config


def _model_error(endpoint: str, status: int, message: str) -> ApiError:
    """`ModelError`, in AWS's words; status 0 is a model that did not answer."""
    kind = "server error (500)" if status == 500 else f"client error ({status})" if 400 <= status < 500 else f"server error ({status})"
    text = f'Received {kind} from primary with message "{message[:MESSAGE_CHARACTERS]}". See /aws/sagemaker/Endpoints/{endpoint} in CloudWatch Logs.'
    return ApiError("ModelError", text, 424, {"OriginalStatusCode": status, "OriginalMessage": message})
