"""Requests for SageMaker models: the containers that evaluate, and later serve, a run's model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel import lake
from noria.preprocessing.declaration import is_declared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_sagemaker.type_defs import ContainerDefinitionTypeDef, CreateModelInputTypeDef

    from noria.kernel.published_spec import PublishedSpec
    from noria.sagemaker.stack import StackResources, Tags


def serving_containers(spec: PublishedSpec, uri: str, training_job: str) -> list[ContainerDefinitionTypeDef]:
    """The containers of a model: the preprocessing where the spec declares any, then the user's own.

    Args:
        uri: the run's folder, as an `s3://` URI.
        training_job: name of the job that trained it.
    """
    log = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_CONTAINER_LOG_LEVEL": "20", "SAGEMAKER_REGION": spec["region"]}
    # A request that asks for no form is answered in CSV, not in the containers' own default, JSON.
    log["SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"] = "text/csv"
    model: ContainerDefinitionTypeDef = {
        "Image": spec["images"]["inference"],
        "ModelDataUrl": f"{uri}{lake.MODEL}/{training_job}/output/model.tar.gz",
        "Environment": {**log, "SAGEMAKER_SUBMIT_DIRECTORY": spec["source"]},
    }
    if not is_declared(spec["preprocess"]):
        return [model]
    preprocessing: ContainerDefinitionTypeDef = {
        "Image": spec["images"]["preprocess"],
        "ModelDataUrl": uri + lake.PREPROCESS_ARTIFACT,
        "Environment": {**log, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    }
    return [preprocessing, model]


def create_model(name: str, containers: Sequence[ContainerDefinitionTypeDef], resources: StackResources, tags: Tags) -> CreateModelInputTypeDef:
    """`CreateModel`."""
    return {"ModelName": name, "ExecutionRoleArn": resources.execution_role, "Containers": containers, "Tags": tags}
