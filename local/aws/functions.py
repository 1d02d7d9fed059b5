"""Lambda functions in the interpreter of the Lambda runtime, with errors that carry class and stack as on AWS."""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

#: Environment variables that a function inherits from the gateway; its own reach it separately.
INHERITED = (
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_DISABLE_HOST_PREFIX_INJECTION",
    "AWS_ENDPOINT_URL",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
    "_LAMBDA_FUNCTION_ARN",
    "_LAMBDA_LAYERS_DIRS",
    "_LAMBDA_TIMEOUT",
)
#: Waits for a function's last log lines: first line, idle after a line, at most (seconds). The default costs 50 ms a call.
LOG_WAITS = (0.005, 0.003, 0.250)
DIED = "Worker process died"

_last = threading.local()


def install(runtime_python: Path) -> None:
    """Run every Python function in the interpreter of the Lambda runtime.

    Args:
        runtime_python: an interpreter whose site-packages hold what AWS's runtime brings (boto3), nothing else.
    """
    script = Path(__file__).with_name("lambda_worker.py").read_text()
    detect = lambda_runtime._detect_runtime_binary

    def detect_runtime(runtime: str) -> tuple[str, str]:
        return (str(runtime_python), script) if runtime.startswith("python") else detect(runtime)

    lambda_runtime._detect_runtime_binary = detect_runtime
    lambda_runtime.subprocess = _Processes()
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = LOG_WAITS
    lambda_runtime.Worker.invoke = _keep_response(lambda_runtime.Worker.invoke)
    lambda_svc._execute_function_warm = _with_error_payload(lambda_svc._execute_function_warm)


class _Processes:
    """Replaces the `subprocess` module where the emulator starts workers: the same processes, with a clean environment."""

    PIPE = subprocess.PIPE
    TimeoutExpired = subprocess.TimeoutExpired

    @staticmethod
    def Popen(command: list[str], env: Mapping[str, str], **options: Any) -> subprocess.Popen[str]:
        clean = {name: env[name] for name in INHERITED if name in env}
        clean |= {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13", "LANG": "en_US.UTF-8", "PATH": os.defpath, "TZ": ":UTC"}
        return subprocess.Popen([command[0], "-s", *command[1:]], env=clean, **options)


def _keep_response(invoke: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Keep the worker's response of this thread's invocation."""

    def invoke_worker(worker: Any, *args: Any, **options: Any) -> dict[str, Any]:
        _last.response = invoke(worker, *args, **options)
        return _last.response

    return invoke_worker


def _with_error_payload(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return the error payload that AWS's runtime interface client would post."""

    def execute_function(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        _last.response = {}
        outcome = execute(func, event, request_id)
        if failure := _last.response.get("failure"):
            return {"body": failure, "error": True, "log": outcome.get("log", "")}
        body = outcome.get("body")
        if outcome.get("error") and isinstance(body, dict) and body.get("errorMessage") == DIED:
            outcome["body"] = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: Runtime exited without providing a reason"}
        return outcome

    return execute_function
