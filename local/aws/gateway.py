"""Adds services and pages of our own to the emulator's gateway."""

import json
import sys
import types
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router


def serve(path: str, report: Callable[[], Any]) -> None:
    """Serve a page of the gateway itself, without credentials: the result of `report` as JSON."""
    emulator_pages = app._handle_health_request

    def handle(request_path: str, request_id: str) -> Any:
        if request_path != path:
            return emulator_pages(request_path, request_id)
        return 200, {"Content-Type": "application/json"}, json.dumps(report()).encode()

    app._handle_health_request = handle


def register(service: str, handle_request: Callable[..., Any], reset: Callable[[], None], patterns: dict[str, list[str]], model: str) -> None:
    """Add a service.

    Args:
        service: its name, also the prefix of its IAM actions.
        handle_request: answers a request.
        reset: clears the state of the service.
        patterns: `target_prefixes` and `host_patterns` by which the router recognises its requests.
        model: botocore's name of the API whose operations IAM checks.
    """
    module = types.ModuleType(f"ministack.services.{service}")
    module.__dict__.update(handle_request=handle_request, get_state=lambda: None, load_persisted_state=lambda data: None, reset=reset)
    sys.modules[module.__name__] = app._loaded_modules[service] = module
    app.SERVICE_REGISTRY[service] = {"module": service}
    app._state_map[service] = service
    app.SERVICE_HANDLERS[service] = app._lazy_handler(service)
    router.SERVICE_PATTERNS[service] = patterns
    iam_actions.SERVICE_TO_IAM_NAMESPACE[service] = service
    iam_actions._BOTOCORE_SERVICE_MAP[service] = [model]
