"""What a run and its evaluation ask of SageMaker, as complete requests."""

import json
from dataclasses import dataclass

from noria.data.contract import DataContract
from noria.kernel.identity import digest
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.preprocessing import artefact, fitting
from noria.training.gates import gates_of, watched_metric

#: A transform's mini-batches (MB); the answers are put together line by line.
PAYLOAD_MB = 6
#: Runs the script of a source archive; of what it says last, the job's description tells the end. At most 256 characters.
RUN_SCRIPT = (
    "cd /opt/ml/processing/input/code&&tar xzf source.tar.gz&&{ [ ! -f requirements.txt ]||pip install -qr requirements.txt;}"
    '&&python3 "$0" "$@" 2> >(tee /tmp/e >&2)||{ s=$?;wait $!;tail -c900 /tmp/e>/opt/ml/output/message;exit $s;}'
)
#: Why a champion is not asked about a candidate's rows.
OTHER_SCHEMA = "the champion is sent other columns, or predicts another target"


@dataclass(frozen=True)
class StackResources:
    """The names of the stack that a request needs."""

    stack: str
    artifacts: str
    execution_role: str
    training_role: str = ""
    processing_role: str = ""
    lake: str = ""


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
    name = f"{resources.stack}-{model}-{run}"
    uri = f"s3://{resources.artifacts}/{folder}"
    return {
        "outcome": "planned",
        "run": run,
        "folder": folder,
        "preprocess": _preprocess(name, spec, event["source"], folder, resources, tags(model, resources.stack, run)),
        "training": _training_job(name, spec, resources, uri, tags(model, resources.stack, run)),
        "candidate": {"model": name, "request": _model(name, spec, uri, resources, tags(model, resources.stack, run))},
    }


def tags(model: str, stage: str, run: str) -> list[Json]:
    """By which Cost Explorer tells who spends."""
    return [{"Key": key, "Value": value} for key, value in (("noria:model", model), ("noria:stage", stage), ("noria:run", run))]


def _preprocess(name: str, spec: Json, source: Json, folder: str, resources: StackResources, tagged: list[Json]) -> Json:
    """What comes between the dataset and the training job."""
    script, processed = spec["preprocess"]["script"], f"{folder}processed/"
    return {
        "processing": _processing_job(name, spec, source, f"s3://{resources.artifacts}/{processed}", resources, tagged) if script else None,
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


def _processing_job(name: str, spec: Json, source: Json, target: str, resources: StackResources, tagged: list[Json]) -> Json:
    script = spec["preprocess"]["script"]
    inputs = {"code": spec["source"], "data": f"s3://{source['bucket']}/{source['key']}"}
    arguments = [part for key, value in script["arguments"].items() for part in (f"--{key}", value if isinstance(value, str) else json.dumps(value))]
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
        "ProcessingResources": {"ClusterConfig": _job_resources(script["instance"])},
        "StoppingCondition": {"MaxRuntimeInSeconds": max(1, round(script["max_minutes"] * 60))},
        "Tags": tagged,
    }


def serving_containers(spec: Json, uri: str, name: str) -> list[Json]:
    """What evaluates, and later serves, what a run trained: the preprocessing where any is declared, and the user's model."""
    report = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_CONTAINER_LOG_LEVEL": "20", "SAGEMAKER_REGION": spec["region"]}
    model = {
        "Image": spec["images"]["inference"],
        "ModelDataUrl": f"{uri}model/{name}/output/model.tar.gz",
        "Environment": {**report, "SAGEMAKER_SUBMIT_DIRECTORY": spec["source"]},
    }
    if not fitting.declared(spec["preprocess"]):
        return [model]
    in_front = {
        "Image": spec["images"]["preprocess"],
        "ModelDataUrl": f"{uri}preprocess/{artefact.NAME}",
        "Environment": {**report, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
    }
    return [in_front, model]


def _training_job(name: str, spec: Json, resources: StackResources, uri: str, tagged: list[Json]) -> Json:
    train, instance = spec["train"], spec["train"]["instance"]
    hyperparameters = {key: value if isinstance(value, str) else json.dumps(value) for key, value in train["hyperparameters"].items()}
    seconds = max(1, round(train["max_minutes"] * 60))
    spot = {"EnableManagedSpotTraining": True} if instance["spot"] else {}
    return {
        "TrainingJobName": name,
        "RoleArn": resources.training_role,
        "AlgorithmSpecification": {"TrainingImage": spec["images"]["training"], "TrainingInputMode": "File"},
        "HyperParameters": {**hyperparameters, "sagemaker_program": train["entry"], "sagemaker_submit_directory": spec["source"]},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{uri}train/", "S3DataDistributionType": "FullyReplicated"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"{uri}model"},
        "ResourceConfig": _job_resources(instance),
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds, **({"MaxWaitTimeInSeconds": seconds * 2} if instance["spot"] else {})},
        "Tags": tagged,
        **spot,
    }


def _job_resources(instance: Json) -> Json:
    return {"InstanceType": instance["type"], "InstanceCount": instance["count"], "VolumeSizeInGB": instance["volume_gb"]}


def _model(name: str, spec: Json, uri: str, resources: StackResources, tagged: list[Json]) -> Json:
    return {"ModelName": name, "ExecutionRoleArn": resources.execution_role, "Containers": serving_containers(spec, uri, name), "Tags": tagged}


def transform_job(name: str, model: str, source: str, target: str, instance: str, tagged: list[Json]) -> Json:
    """A batch transform of CSV rows, answers line by line as `<name>.out`."""
    return {
        "TransformJobName": name,
        "ModelName": model,
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": PAYLOAD_MB,
        "TransformInput": {
            "ContentType": "text/csv",
            "SplitType": "Line",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
        },
        "TransformOutput": {"S3OutputPath": target, "Accept": "text/csv", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": instance, "InstanceCount": 1},
        "Tags": tagged,
    }


def schema_digest(spec: Json) -> str:
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
    instance, tagged = spec["evaluate"]["instance"], tags(event["model"], resources.stack, run)
    compared = [{"metric": gate.metric, "confidence": gate.confidence} for gate in gates_of(spec["evaluate"]) if gate.against]
    return {
        "outcome": "planned",
        "transforms": [
            {
                "side": side,
                "request": transform_job(
                    f"{resources.stack}-{event['model']}-{digest(run, event['attempt'])}-{side}",
                    name,
                    f"{uri}holdout/",
                    f"{uri}predictions/{side}/",
                    instance,
                    tagged,
                ),
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
