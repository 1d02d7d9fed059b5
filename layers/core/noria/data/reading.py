"""Use cases of the functions that read datasets."""

from typing import Any

from noria.adapters import objects
from noria.data import policy, profiling, splitting
from noria.data.contract import DataContract

Json = dict[str, Any]
CSV = "text/csv"


def profile_dataset(event: Json) -> Json:
    """The facts of one object version.

    Args:
        event: `{bucket, key, version, size, spec}`; `spec` is the published document, or null. Rows of an object that is too
            large are not looked at.
    """
    spec = event["spec"] if event["size"] <= policy.MOST_BYTES else None
    contract = DataContract.of(spec["data"]) if spec else None
    pieces = objects.chunks(event["bucket"], event["key"], event["version"])
    return profiling.profile(pieces, contract, spec["target"] if spec else "")


def split_dataset(event: Json) -> Json:
    """Write a run's training set, holdout, truth and smoke rows.

    Args:
        event: `{source: {bucket, key}, artifacts, folder, data, target, split: {by, test}}`

    Returns:
        Rows of each part.
    """
    source = event["source"]
    made = splitting.split(
        objects.chunks(source["bucket"], source["key"]),
        DataContract.of(event["data"]),
        event["target"],
        event["split"]["by"],
        event["split"]["test"],
    )
    parts = {"train/train.csv": made.train, "holdout/holdout.csv": made.holdout, "truth/truth.csv": made.truth, "smoke/smoke.csv": made.smoke}
    for name, text in parts.items():
        objects.write(event["artifacts"], f"{event['folder']}{name}", text.encode(), CSV)
    return made.facts
