"""Cold start of each function: import and first call in a fresh interpreter, against the reference handler of `bench/reference`."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from bench.results import ROOT, Result

#: Rounds; each times every function and the reference in turn, so that the machine's moods hit both.
ROUNDS = 7
#: Functions that read S3: their first call is timed up to the client, since there is no object to read here.
READING = {
    "inspect_upload",
    "prepare_dataset",
    "score_holdout",
    "compare_predictions",
    "count_captured",
    "read_window",
    "assemble_dataset",
}
SCRIPT = """
import sys, time
began = time.perf_counter()
import json, importlib
import app
event = json.loads(sys.argv[1])
class Context:
    function_name = "f"; memory_limit_in_mb = 256; invoked_function_arn = "arn:aws:lambda:us-east-1:0:function:f"; aws_request_id = "1"
try:
    app.lambda_handler(event, Context())
except Exception as error:
    if type(error).__name__ not in {allowed}:
        raise
sys.stderr.write(str(time.perf_counter() - began))
"""


def milliseconds(folder: Path, event: dict[str, object], reading: bool) -> float:
    """One cold start."""
    allowed = {"EndpointConnectionError", "TransientError", "ClientError", "ConnectTimeoutError", "ConnectionClosedError"} if reading else {"None"}
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "layers" / "core"))),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "LAMBDA_TASK_ROOT": str(folder),
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    }
    command = [sys.executable, "-c", SCRIPT.replace("{allowed}", repr(allowed)), json.dumps(event)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(ended.stderr.strip().splitlines()[-1]) * 1000


def measure() -> Result:
    """Medians over all rounds; the figure is the median function's."""
    functions = {
        app.parent: json.loads((ROOT / "events" / "functions" / f"{app.parent.relative_to(ROOT / 'functions')}.json").read_text())
        for app in sorted((ROOT / "functions").glob("*/*/app.py"))
    }
    taken: dict[str, list[float]] = {name: [] for name in (*(folder.name for folder in functions), "reference")}
    for _ in range(ROUNDS):
        for folder, event in functions.items():
            taken[folder.name].append(milliseconds(folder, event, folder.name in READING))
        taken["reference"].append(milliseconds(ROOT / "bench" / "reference", {"model": "x"}, False))
    medians = {name: round(statistics.median(values), 1) for name, values in taken.items()}
    reference = medians.pop("reference")
    ours = statistics.median(medians.values())
    what = (
        "import and first call in a fresh interpreter, the median function against the reference: a boto3 client, Powertools' Logger, Tracer, Metrics, parser"
    )
    return Result("cold_start", ours, reference, "ms", what, {name: f"{value} ms, ratio {value / reference:.2f}" for name, value in medians.items()})
