"""Requests for processing, training and batch transform jobs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noria.kernel import lake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.kernel.json import Json
    from noria.kernel.published_spec import InstanceShape, PublishedSpec, ScriptShape
    from noria.sagemaker.stack import StackResources, Tags

#: Mini-batches of a transform (MB); SageMaker assembles the predictions line by line.
PAYLOAD_MB = 6
#: Runs the script of a source archive; the last lines that it writes become the exit message of the job. At most 256 characters.
RUN_SCRIPT = (
    "cd /opt/ml/processing/input/code&&tar xzf source.tar.gz&&{ [ ! -f requirements.txt ]||pip install -qr requirements.txt;}"
    '&&python3 "$0" "$@" 2> >(tee /tmp/e >&2)||{ s=$?;wait $!;tail -c900 /tmp/e>/opt/ml/output/message;exit $s;}'
)


def processing_job(name: str, spec: PublishedSpec, script: ScriptShape, source: str, target: str, resources: StackResources, tags: Tags) -> Json:
    """`CreateProcessingJob`: the project's own preprocessing script.

    Args:
        source: the dataset, as an `s3://` URI.
        target: the folder of the script's output, as an `s3://` URI.
    """
    inputs = {"code": spec["source"], "data": source}
    arguments = [part for key, value in texts(script["arguments"]).items() for part in (f"--{key}", value)]
    return {
        "ProcessingJobName": name,
        "RoleArn": resources.processing_role,
        "AppSpecification": {
            "ImageUri": spec["images"]["processing"],
            "ContainerEntrypoint": ["/bin/bash", "-c", RUN_SCRIPT, script["entry"]],
            **({"ContainerArguments": arguments} if arguments else {}),
        },
        "ProcessingInputs": [
            {
                "InputName": kind,
                "S3Input": {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{kind}", "S3DataType": "S3Prefix", "S3InputMode": "File"},
            }
            for kind, uri in inputs.items()
        ],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "data", "S3Output": {"S3Uri": target, "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]
        },
        "ProcessingResources": {"ClusterConfig": _cluster(script["instance"])},
        "StoppingCondition": {"MaxRuntimeInSeconds": _seconds(script["max_minutes"])},
        "Tags": tags,
    }


def training_job(name: str, spec: PublishedSpec, resources: StackResources, uri: str, tags: Tags) -> Json:
    """`CreateTrainingJob`: the project's training script on the training set of a run; `uri` is the run's folder."""
    train, instance = spec["train"], spec["train"]["instance"]
    seconds = _seconds(train["max_minutes"])
    spot = {"EnableManagedSpotTraining": True} if instance["spot"] else {}
    return {
        "TrainingJobName": name,
        "RoleArn": resources.training_role,
        "AlgorithmSpecification": {"TrainingImage": spec["images"]["training"], "TrainingInputMode": "File"},
        "HyperParameters": {**texts(train["hyperparameters"]), "sagemaker_program": train["entry"], "sagemaker_submit_directory": spec["source"]},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{uri}{lake.TRAINING_FOLDER}", "S3DataDistributionType": "FullyReplicated"}
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"{uri}{lake.MODEL}"},
        "ResourceConfig": _cluster(instance),
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds, **({"MaxWaitTimeInSeconds": seconds * 2} if instance["spot"] else {})},
        "Tags": tags,
        **spot,
    }


@dataclass(frozen=True)
class Transform:
    """A batch transform of CSV rows; the predictions come line by line as `<name>.out`.

    Attributes:
        model: name of the SageMaker model.
        source, target: folders, as `s3://` URIs.
        instance: an instance type.
    """

    name: str
    model: str
    source: str
    target: str
    instance: str

    def request(self, tags: Tags) -> Json:
        """`CreateTransformJob`."""
        return {
            "TransformJobName": self.name,
            "ModelName": self.model,
            "BatchStrategy": "MultiRecord",
            "MaxPayloadInMB": PAYLOAD_MB,
            "TransformInput": {
                "ContentType": "text/csv",
                "SplitType": "Line",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": self.source}},
            },
            "TransformOutput": {"S3OutputPath": self.target, "Accept": "text/csv", "AssembleWith": "Line"},
            "TransformResources": {"InstanceType": self.instance, "InstanceCount": 1},
            "Tags": tags,
        }


def texts(values: Mapping[str, str | float | bool]) -> dict[str, str]:
    """Hyperparameters and arguments as SageMaker takes them: text as it is, all else as JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def _seconds(minutes: float) -> int:
    return max(1, round(minutes * 60))


def _cluster(instance: InstanceShape) -> Json:
    return {"InstanceType": instance["type"], "InstanceCount": instance["count"], "VolumeSizeInGB": instance["volume_gb"]}
