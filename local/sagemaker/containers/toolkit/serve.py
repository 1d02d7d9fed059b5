"""The model server of the framework containers: /ping and /invocations over AWS's inference toolkit, as a WSGI application.

A model that does not load ends the server at once, with its traceback in the log.
"""

import os
import sys

BASE = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")
sys.path.insert(0, os.path.join(BASE, "model", "code"))

from flask import Response
from sagemaker_inference.default_inference_handler import DefaultInferenceHandler
from sagemaker_inference.transformer import Transformer

MODEL_DIR = os.path.join(BASE, "model")


class Handler(DefaultInferenceHandler):
    """The framework's default handler: decode CSV, JSON or NPY, call `predict`, encode."""

    def default_predict_fn(self, data, model, context=None):
        return model.predict(data)


class Request:
    """The headers of a request, as the toolkit reads them."""

    def __init__(self, headers):
        self._headers = headers

    def get_request_properties(self):
        return self._headers


class Context:
    """The toolkit's context: it reads the request from it and writes status and content type to it."""

    def __init__(self, headers):
        self.request_processor = [Request(headers)]
        self.system_properties = {"model_dir": MODEL_DIR, "gpu_id": None}
        self.code, self.phrase, self.content_type = 200, "OK", "text/plain"

    def set_response_status(self, code=200, idx=0, phrase=""):
        self.code, self.phrase = code, phrase or "Error"

    def set_response_content_type(self, idx, value):
        self.content_type = value


transformer = Transformer(Handler())
transformer.validate_and_initialize(MODEL_DIR, Context({}))


def invoke(environ):
    """Status line, content type and body of one invocation."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    context = Context({"Content-Type": environ.get("CONTENT_TYPE") or "application/json", "Accept": environ.get("HTTP_ACCEPT")})
    result = transformer.transform([{"body": body}], context)[0]
    if isinstance(result, Response):
        # The scikit-learn and XGBoost containers pass on a response that the script has made.
        return result.status, result.content_type, result.get_data()
    return f"{context.code} {context.phrase}", context.content_type, result if isinstance(result, bytes) else str(result).encode()


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/ping":
        status, kind, body = "200 OK", "application/json", b""
    elif path == "/invocations":
        status, kind, body = invoke(environ)
    else:
        status, kind, body = "404 Not Found", "text/plain", b""
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
