"""The registration of a run's version: its lineage as metadata, and the files that later data is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel import lake
from noria.sagemaker.models import serving_containers
from noria.sagemaker.registry import Baselines, create_model_package
from noria.sagemaker.stack import StackResources
from noria.training.schema import schema_digest

if TYPE_CHECKING:
    from noria.kernel.json import Json
    from noria.kernel.published_spec import PublishedSpec
    from noria.preprocessing.shapes import DatasetFile
    from noria.training.shapes import ConcludeRunInput, Evaluation


def registration(event: ConcludeRunInput, spec: PublishedSpec) -> Json:
    """`CreateModelPackage` of a candidate that passed: always pending, so that an approval starts the rollout."""
    resources, evaluation = StackResources(**event["resources"]), event["evaluation"]
    assert evaluation is not None
    uri = lake.uri(resources.artifacts, event["folder"])
    name = f"{resources.prefix}-{event['model']}-{event['run']}"
    return create_model_package(
        group=f"{resources.prefix}-{event['model']}",
        description=f"run {event['run']} on dataset {event['dataset']}",
        token=event["run"],
        containers=serving_containers(spec, uri, name),
        endpoint_instances=spec["serve"]["instance"],
        transform_instance=spec["evaluate"]["instance"],
        evaluation=uri + lake.EVALUATION,
        baselines=_baselines(event.get("source")),
        metadata=_metadata(event, spec, resources.prefix, name, evaluation),
    )


def _baselines(source: DatasetFile | None) -> Baselines | None:
    """The profiles beside the dataset; a run that an earlier version of the machine began does not name its dataset's file."""
    if source is None:
        return None
    folder = lake.uri(source["bucket"], f"{source['key'].rpartition('/')[0]}/")
    return Baselines(folder + lake.PROFILE, folder + lake.BLOCKS)


def _metadata(event: ConcludeRunInput, spec: PublishedSpec, stage: str, name: str, evaluation: Evaluation) -> dict[str, str]:
    """Where a version comes from; releases, rollbacks and the command read it."""
    return {
        "model": event["model"],
        "stage": stage,
        "run": event["run"],
        "spec": spec["id"],
        "dataset": event["dataset"],
        "schema": schema_digest(spec),
        "data_digest": event["digest"],
        "code_digest": spec["digests"]["code"],
        "environment_digest": spec["digests"]["environment"],
        "folder": event["folder"],
        "sagemaker_model": name,
        "holdout_rows": str(evaluation["rows"]),
        **{f"holdout_{metric}": f"{value:.6f}" for metric, value in evaluation["candidate"].items()},
    }
