"""Every path of the two buckets: the lake (what users bring and what serving captures) and the artifacts (what runs produce)."""

from urllib.parse import quote

INCOMING, CURATED, QUARANTINE, CAPTURE, TRUTH, SCORED = "incoming", "curated", "quarantine", "capture", "truth", "scored"
MONITORING, RUNS, RELEASES, PROJECTS = "monitor", "runs", "releases", "projects"

#: Objects in the folder of a dataset.
DATA, PROFILE, BLOCKS, SET_ASIDE, VERDICT = "data.csv", "data.profile", "blocks.profile", "set-aside.csv", "verdict.json"
#: Objects in the folder of a run.
TRAINING_SET, HOLDOUT, HOLDOUT_TRUTH, SMOKE_ROWS = "train/train.csv", "holdout/holdout.csv", "truth/truth.csv", "smoke/smoke.csv"
EVALUATION = "evaluation.json"
#: Folders in the folder of a run.
MODEL, PREPROCESS, PROCESSED, PREDICTIONS = "model", "preprocess", "processed", "predictions"


def incoming(model: str, file: str = "") -> str:
    """Where a model's data is uploaded."""
    return f"{INCOMING}/{model}/{file}"


def curated(model: str, dataset: str) -> str:
    """The folder of an accepted dataset."""
    return f"{CURATED}/{model}/{dataset}/"


def quarantine(model: str, dataset: str) -> str:
    """The folder of a quarantined dataset."""
    return f"{QUARANTINE}/{model}/{dataset}/"


def capture(endpoint: str, variant: str = "") -> str:
    """The folder of the requests and predictions that an endpoint, or one variant of it, has captured."""
    return f"{CAPTURE}/{endpoint}/{variant}/" if variant else f"{CAPTURE}/{endpoint}/"


def truth(model: str, file: str = "") -> str:
    """Where a model's ground truth is uploaded."""
    return f"{TRUTH}/{model}/{file}"


def scored(model: str) -> str:
    """The folder of predictions that were made outside of the endpoint."""
    return f"{SCORED}/{model}/"


def monitoring(model: str, kind: str, file: str) -> str:
    """An object that a monitoring run writes: its state, its labelled rows, its profiles."""
    return f"{MONITORING}/{model}/{kind}/{file}"


def run(model: str, run_id: str) -> str:
    """The folder of a run."""
    return f"{RUNS}/{model}/{run_id}/"


def release(model: str, release_id: str) -> str:
    """The folder of a release's smoke test."""
    return f"{RELEASES}/{model}/{release_id}/"


def project(model: str, spec_id: str) -> str:
    """The packed model project of a published spec."""
    return f"{PROJECTS}/{model}/{spec_id}/source.tar.gz"


def uri(bucket: str, key: str) -> str:
    """An object or folder as `s3://` URI."""
    return f"s3://{bucket}/{key}"


def copy_source(bucket: str, key: str, version: str) -> str:
    """An exact object version, as `CopyObject` takes it: the key percent-encoded."""
    return f"{bucket}/{quote(key)}?versionId={quote(version)}"
