"""Plans a run: its id and folder, and complete requests for its processing job, training job and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel import lake
from noria.kernel.identity import run_id
from noria.kernel.spec_defaults import with_defaults
from noria.sagemaker.jobs import processing_job, training_job
from noria.sagemaker.models import create_model, serving_containers
from noria.sagemaker.stack import StackResources, tags

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import CreateProcessingJobRequestTypeDef

    from noria.kernel.published_spec import PublishedSpec
    from noria.preprocessing.shapes import DatasetFile, PreparationRequest
    from noria.sagemaker.stack import Tags
    from noria.training.shapes import PlanRunInput, PlanRunResult


def plan_run(event: PlanRunInput) -> PlanRunResult:
    """Plan one run of a dataset by the spec that judged it."""
    spec: PublishedSpec = with_defaults(event["spec"])
    resources, model = StackResources(**event["resources"]), event["model"]
    run = run_id(model, event["dataset"], event["cause_id"], event["source"]["bucket"])
    folder, name = lake.run(model, run), f"{resources.prefix}-{model}-{run}"
    uri, tagged = lake.uri(resources.artifacts, folder), tags(model, resources.prefix, run)
    return {
        "outcome": "planned",
        "run": run,
        "folder": folder,
        "preprocess": {
            "processing": _processing(name, spec, event["source"], folder, resources, tagged),
            "prepare": _preparation(spec, event["source"], folder, resources),
        },
        "training": training_job(name, spec, resources, uri, tagged),
        "candidate": {"model": name, "request": create_model(name, serving_containers(spec, uri, name), resources, tagged)},
    }


def _processing(
    name: str, spec: PublishedSpec, source: DatasetFile, folder: str, resources: StackResources, tagged: Tags
) -> CreateProcessingJobRequestTypeDef | None:
    """The request for the project's own preprocessing script, where the spec names one."""
    script = spec["preprocess"]["script"]
    target = lake.uri(resources.artifacts, _processed(folder))
    return processing_job(name, spec, script, lake.uri(source["bucket"], lake.as_csv(source["key"])), target, resources, tagged) if script else None


def _preparation(spec: PublishedSpec, source: DatasetFile, folder: str, resources: StackResources) -> PreparationRequest:
    return {
        "source": source,
        "processed": _processed(folder) if spec["preprocess"]["script"] else None,
        "artifacts": resources.artifacts,
        "folder": folder,
        "data": spec["data"],
        "target": spec["target"],
        "split": spec["evaluate"]["split"],
        "preprocess": spec["preprocess"],
    }


def _processed(folder: str) -> str:
    """The folder that the project's own script writes to."""
    return f"{folder}{lake.PROCESSED}/"
