"""Services of our own behind the emulator's gateway."""

import json
import sys
import types
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router


def serve(path: str, report: Callable[[], Any]) -> None:
    """Answer GET requests for a path of the gateway itself with what `report` returns, as JSON; no credentials are needed."""
    answer = app._handle_health_request

    def handle(asked: str, request_id: str) -> Any:
        return (200, {"Content-Type": "application/json"}, json.dumps(report()).encode()) if asked == path else answer(asked, request_id)

    app._handle_health_request = handle


def register(service: str, handle_request: Callable[..., Any], reset: Callable[[], None], patterns: dict[str, list[str]], model: str) -> None:
    """Have a service answered by a function of ours.

    Args:
        service: its name, which its IAM actions begin with as well.
        reset: forgets all that it holds.
        patterns: by which a request is known to be the service's: `target_prefixes`, `host_patterns`.
        model: botocore's name of the operations that IAM checks.
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
