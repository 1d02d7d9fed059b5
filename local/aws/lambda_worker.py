"""A Lambda function's process: loads the handler and reports errors as AWS's runtime interface client does.

This file runs alone in the interpreter of the Lambda runtime; it exchanges lines of JSON with the gateway over stdin and stdout.
"""

import importlib
import json
import os
import sys
import time
import traceback


class Context:
    """The context object of one invocation."""

    identity = None
    client_context = None

    def __init__(self, init, invocation):
        self.function_name = init["function_name"]
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        self.memory_limit_in_mb = str(init["memory"])
        self.invoked_function_arn = invocation.get("invoked_function_arn") or init["arn"]
        self.aws_request_id = invocation.get("request_id", "")
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self._deadline = time.time() + invocation.get("timeout_ms", 3000) / 1000

    def get_remaining_time_in_millis(self):
        return max(0, int((self._deadline - time.time()) * 1000))


def add_paths(code):
    """The module search path: the package, the layers in their order, the runtime's own packages."""
    layers = [os.path.join(layer, "python") for layer in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if layer]
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [code, *layers, *(path for path in sys.path if path and os.path.abspath(path) != here)]


def error_payload(kind, message, request_id, frames=()):
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": list(frames)}


def frames_of(error, code):
    """Stack frames from the handler on, with the paths of a function on AWS."""
    layers = [layer for layer in os.environ.get("_LAMBDA_LAYERS_DIRS", "").split(os.pathsep) if layer]
    lines = traceback.format_list([f for f in traceback.extract_tb(error.__traceback__) if f.filename != os.path.abspath(__file__)])
    for folder, path in ((code, "/var/task"), *((layer, "/opt") for layer in layers)):
        lines = [line.replace(folder + "/", path + "/") for line in lines]
    return lines


def load(init):
    """The handler, or AWS's error type and message where it does not load."""
    module, name = init["module"], init["handler"]
    try:
        imported = importlib.import_module(module)
    except ImportError as error:
        return None, ("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}", error)
    except SyntaxError as error:
        return None, ("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}", error)
    except Exception as error:
        return None, (type(error).__name__, str(error), error)
    if not hasattr(imported, name):
        return None, ("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'", None)
    return getattr(imported, name), None


def invoke(handler, load_error, event, context, code):
    """One invocation's line of JSON."""
    if load_error:
        kind, message, error = load_error
        return {"status": "ok", "failure": error_payload(kind, message, context.aws_request_id, frames_of(error, code) if error else ())}
    try:
        return {"status": "ok", "result": json.loads(json.dumps(handler(event, context)))}
    except Exception as error:
        traceback.print_exc()
        kind = type(error).__name__
        if isinstance(error, TypeError) and "JSON serializable" in str(error):
            kind = "Runtime.MarshalError"
        return {"status": "ok", "failure": error_payload(kind, str(error), context.aws_request_id, frames_of(error, code))}


def run():
    out, sys.stdout = sys.stdout, sys.stderr
    init = json.loads(sys.stdin.readline())
    os.environ.update(init.get("env", {}))
    os.environ.setdefault("AWS_LAMBDA_LOG_GROUP_NAME", f"/aws/lambda/{init['function_name']}")
    code = init["code_dir"]
    add_paths(code)
    handler, load_error = load(init)
    out.write('{"status": "ready"}\n')
    out.flush()
    for line in iter(sys.stdin.readline, ""):
        message = json.loads(line)
        invocation = message.get("ctx") or {}
        if invocation.get("trace_id"):
            os.environ["_X_AMZN_TRACE_ID"] = invocation["trace_id"]
        out.write(json.dumps(invoke(handler, load_error, message["event"], Context(init, invocation), code)) + "\n")
        out.flush()
        if load_error:
            return


if __name__ == "__main__":
    run()
