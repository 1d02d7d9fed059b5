"""What a run and its evaluation ask of SageMaker, as complete requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.data.contract import DataContract
from noria.kernel import lake
from noria.kernel.identity import digest
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.sagemaker.jobs import Transform, processing_job, training_job
from noria.sagemaker.models import create_model, serving_containers
from noria.sagemaker.stack import StackResources, tags
from noria.training.gates import gates_of, watched_metric

if TYPE_CHECKING:
    from noria.kernel.published_spec import PublishedSpec

#: Why a champion is not asked about a candidate's rows.
OTHER_SCHEMA = "the champion is sent other columns, or predicts another target"


def plan_run(event: Json) -> Json:
    """Plan one run: its id, where its files lie, and the training job.

    Args:
        event: `{model, dataset, spec, source, cause_id, resources}`; `spec` is the document that judged the dataset.

    Returns:
        `{outcome, run, folder, preprocess: {processing, prepare}, training, candidate: {model, request}}`; `processing` is the
        job of the project's own script, or null.
    """
    resources, spec = StackResources(**event["resources"]), with_defaults(event["spec"])
    model = event["model"]
    run = digest(model, event["dataset"], event["cause_id"])
    folder = f"runs/{model}/{run}/"
    name = f"{resources.prefix}-{model}-{run}"
    uri = f"s3://{resources.artifacts}/{folder}"
    return {
        "outcome": "planned",
        "run": run,
        "folder": folder,
        "preprocess": _preprocess(name, spec, event["source"], folder, resources, tags(model, resources.prefix, run)),
        "training": training_job(name, spec, resources, uri, tags(model, resources.prefix, run)),
        "candidate": {"model": name, "request": create_model(name, serving_containers(spec, uri, name), resources, tags(model, resources.prefix, run))},
    }


def _preprocess(name: str, spec: PublishedSpec, source: Json, folder: str, resources: StackResources, tagged: list[Json]) -> Json:
    """What comes between the dataset and the training job."""
    script, processed = spec["preprocess"]["script"], f"{folder}processed/"
    return {
        "processing": processing_job(name, spec, script, lake.uri(source["bucket"], source["key"]), lake.uri(resources.artifacts, processed), resources, tagged)
        if script
        else None,
        "prepare": {
            "source": source,
            "processed": processed if script else None,
            "artifacts": resources.artifacts,
            "folder": folder,
            "data": spec["data"],
            "target": spec["target"],
            "split": spec["evaluate"]["split"],
            "preprocess": spec["preprocess"],
        },
    }


def schema_digest(spec: PublishedSpec) -> str:
    """What two versions must share to be compared on the same rows: the columns that they are sent, the target, the task."""
    return digest(list(DataContract.of(spec["data"]).features(spec["target"])), spec["target"], spec["task"])


def plan_evaluation(event: Json) -> Json:
    """Plan the evaluation of a candidate, and of the champion on the same rows when there is one.

    Args:
        event: `{model, run, folder, candidate: {model, request}, spec, champion, attempt, resources}`; `champion` is the
            ledger's item, or null; `attempt` names the execution that asks: a run that is taken over transforms anew.

    Returns:
        `{outcome, transforms: [{side, request}], score}`
    """
    resources, spec, run = StackResources(**event["resources"]), with_defaults(event["spec"]), event["run"]
    uri, folder = f"s3://{resources.artifacts}/{event['folder']}", event["folder"]
    held = event.get("champion") or {}
    comparable = held.get("schema", {}).get("S") == schema_digest(spec)
    champion = held["sagemaker_model"]["S"] if held and comparable else None
    sides = {"candidate": event["candidate"]["model"], **({"champion": champion} if champion else {})}
    instance, tagged = spec["evaluate"]["instance"], tags(event["model"], resources.prefix, run)
    compared = [{"metric": gate.metric, "confidence": gate.confidence} for gate in gates_of(spec["evaluate"]) if gate.against]
    return {
        "outcome": "planned",
        "transforms": [
            {
                "side": side,
                "request": Transform(
                    f"{resources.prefix}-{event['model']}-{digest(run, event['attempt'])}-{side}",
                    name,
                    f"{uri}holdout/",
                    f"{uri}predictions/{side}/",
                    instance,
                ).request(tagged),
            }
            for side, name in sides.items()
        ],
        "score": {
            "bucket": resources.artifacts,
            "truth": f"{folder}truth/truth.csv",
            "predictions": {side: f"{folder}predictions/{side}/holdout.csv.out" for side in sides},
            "shuffled": f"{folder}predictions/candidate/shuffled.csv.out",
            "features": list(DataContract.of(spec["data"]).features(spec["target"])),
            "task": spec["task"],
            "compared": compared,
            "watch": watched_metric(spec),
            "incomparable": OTHER_SCHEMA if held and not comparable else None,
            "run": run,
        },
    }
