"""Every path of the two buckets: the lake (what users bring and what serving captures) and the artifacts (what runs produce)."""

INCOMING, STAGING, CURATED, QUARANTINE = "incoming", "staging", "curated", "quarantine"
CAPTURE, TRUTH, SCORED = "capture", "truth", "scored"
MONITORING, RUNS, RELEASES, PROJECTS = "monitor", "runs", "releases", "projects"

#: Objects in the folder of a dataset.
DATA, PROFILE, BLOCKS, SET_ASIDE, VERDICT = "data.parquet", "data.profile", "blocks.profile", "set-aside.csv", "verdict.json"
#: The rows once more, for a script that reads CSV; datasets of earlier versions have nothing else.
DATA_CSV = "data.csv"
#: Objects in the folder of a run.
TRAINING_SET, HOLDOUT, HOLDOUT_TRUTH, SMOKE_ROWS = "train/train.csv", "holdout/holdout.csv", "truth/truth.csv", "smoke/smoke.csv"
#: The holdout's rows with one column shuffled at a time, beside the holdout: one transform job predicts both.
SHUFFLED_ROWS = "holdout/shuffled.csv"
#: The fitted preprocessing, with the code that applies it.
PREPROCESS_ARTIFACT = "preprocess/preprocess.tar.gz"
EVALUATION = "evaluation.json"
#: Folders in the folder of a run.
MODEL, PREPROCESS, PROCESSED, PREDICTIONS = "model", "preprocess", "processed", "predictions"
TRAINING_FOLDER, HOLDOUT_FOLDER, SMOKE_FOLDER = "train/", "holdout/", "smoke/"
#: Objects in a folder of predictions, as a batch transform names them.
HOLDOUT_PREDICTIONS, SHUFFLED_PREDICTIONS, SMOKE_PREDICTIONS = "holdout.csv.out", "shuffled.csv.out", "smoke.csv.out"


def incoming(model: str, file: str = "") -> str:
    """Where a model's data is uploaded."""
    return f"{INCOMING}/{model}/{file}"


def staging(upload: str) -> str:
    """The folder of the rows of an upload that is not judged yet."""
    return f"{STAGING}/{upload}/"


def curated(model: str, dataset: str) -> str:
    """The folder of an accepted dataset."""
    return f"{CURATED}/{model}/{dataset}/"


def as_csv(location: str) -> str:
    """The rows of a dataset as CSV, beside its Parquet file."""
    return location.removesuffix(DATA) + DATA_CSV if location.endswith("/" + DATA) else location


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


def predictions(folder: str, side: str, file: str = "") -> str:
    """The predictions of `candidate` or `champion` in the folder of a run, or one file of them."""
    return f"{folder}{PREDICTIONS}/{side}/{file}"


def release(model: str, release_id: str) -> str:
    """The folder of a release's smoke test."""
    return f"{RELEASES}/{model}/{release_id}/"


def project(model: str, spec_id: str) -> str:
    """The packed model project of a published spec."""
    return f"{PROJECTS}/{model}/{spec_id}/source.tar.gz"


def uri(bucket: str, key: str) -> str:
    """An object or folder as `s3://` URI."""
    return f"s3://{bucket}/{key}"


def copy_source(bucket: str, key: str, version: str | None = None) -> str:
    """An object, or an exact version of it, as `CopyObject` takes it: the key percent-encoded."""
    # Few functions copy objects; the others do not load it at every cold start.
    from urllib.parse import quote

    return f"{bucket}/{quote(key)}" + (f"?versionId={quote(version)}" if version else "")
