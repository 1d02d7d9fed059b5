"""How a run ends: registered, rejected or failed, with everything that has to be said of it."""

import json
from typing import Any

from noria.kernel.events import EventContext, put_named_entry
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict, root_cause
from noria.sagemaker.models import serving_containers
from noria.sagemaker.stack import StackResources
from noria.training import policy
from noria.training.gates import gates_of
from noria.training.plan_run import schema_digest

SAID = {policy.PASSED: "ModelRegistered", policy.REJECTED: "ModelRejected", policy.FAILED: "TrainingFailed"}
#: Longest value of a version's metadata.
METADATA_CHARACTERS = 256


def conclude_run(event: Json) -> Json:
    """Conclude one run.

    Args:
        event: `{model, dataset, source: {bucket, key}, run, folder, spec, digest, evaluation|null, train_seconds|null,
            failure|null, failed_at, resources, ledger, cause}`; `source` is the dataset's file; `failure` is `{Error, Cause}` of
            the state that failed, `failed_at` its stage: `preprocess`, `train` or `evaluate`.

    Returns:
        `{outcome, verdict, registration, record, entry}`; `registration` is the request of a version that is good enough.
        The event's data lacks the version's ARN, which the registry gives.
    """
    spec, cause = with_defaults(event["spec"]), EventContext(**event["cause"])
    evaluation = event.get("evaluation")
    if event.get("failure") or evaluation is None:
        verdict = Verdict(policy.FAILED, (_failure(event.get("failure") or {}),))
    else:
        verdict = policy.judge(evaluation, gates_of(spec["evaluate"]))
    data = {
        "run": event["run"],
        "dataset": event["dataset"],
        "spec": spec["id"],
        "metrics": evaluation["candidate"] if evaluation else None,
        "champion": evaluation["champion"] if evaluation else None,
        "rows": evaluation["rows"] if evaluation else None,
        "level": evaluation.get("level") if evaluation else None,
        "train_seconds": event.get("train_seconds") or _billed(event.get("failure") or {}),
        "failed_at": _failed_at(event),
        "reasons": verdict.to_json()["reasons"],
    }
    return {
        "outcome": verdict.outcome,
        "verdict": verdict.to_json(),
        "registration": _registration(event, spec, data) if verdict.outcome == policy.PASSED else None,
        "record": _record(event, verdict, data, cause),
        "entry": put_named_entry("training", SAID[verdict.outcome], event["model"], event["run"], cause, data),
    }


def _failed_at(event: Json) -> str | None:
    """The stage that failed; of a training job that was there already, its evaluation is what notices."""
    noticed = "TrainingNotCompleted" in str((event.get("failure") or {}).get("Cause"))
    return "train" if noticed else event.get("failed_at")


def _failure(failure: Json) -> Reason:
    """SageMaker's own reason where the failed state carries one."""
    cause = str(failure.get("Cause", "no cause was given"))
    try:
        report = json.loads(cause)
    except ValueError:
        report = {}
    if isinstance(report, dict) and report.get("SecondaryStatus") == "MaxRuntimeExceeded":
        text = f"the training job ran into its limit of {report['StoppingCondition']['MaxRuntimeInSeconds']} s (train.max_minutes)"
    else:
        text = root_cause(cause)
    return Reason(str(failure.get("Error", "States.Runtime")), text)


def _billed(failure: Json) -> float | None:
    """The seconds that a training job was billed for which has failed."""
    try:
        report = json.loads(str(failure.get("Cause")))
    except ValueError:
        return None
    return report.get("BillableTimeInSeconds") if isinstance(report, dict) else None


def _registration(event: Json, spec: Any, data: Json) -> Json:
    resources = StackResources(**event["resources"])
    uri = f"s3://{resources.artifacts}/{event['folder']}"
    name = f"{resources.prefix}-{event['model']}-{event['run']}"
    metadata = {
        "model": event["model"],
        "stage": resources.prefix,
        "run": event["run"],
        "spec": spec["id"],
        "dataset": event["dataset"],
        "schema": schema_digest(spec),
        "data_digest": event["digest"],
        "code_digest": spec["digests"]["code"],
        "environment_digest": spec["digests"]["environment"],
        "folder": event["folder"],
        "sagemaker_model": name,
        "holdout_rows": str(data["rows"]),
        **{f"holdout_{metric}": f"{value:.6f}" for metric, value in data["metrics"].items()},
    }
    return {
        "ModelPackageGroupName": f"{resources.prefix}-{event['model']}",
        "ModelPackageDescription": f"run {event['run']} on dataset {event['dataset']}",
        "ModelApprovalStatus": "PendingManualApproval",
        "ClientToken": event["run"],
        "InferenceSpecification": {
            "Containers": serving_containers(spec, uri, name),
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
            "SupportedRealtimeInferenceInstanceTypes": spec["serve"]["instance"],
            "SupportedTransformInstanceTypes": [spec["evaluate"]["instance"]],
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": f"{uri}evaluation.json"}}},
        **({"DriftCheckBaselines": _baselines(event["source"], f"{uri}evaluation.json")} if event.get("source") else {}),
        "CustomerMetadataProperties": {key: value[:METADATA_CHARACTERS] for key, value in metadata.items()},
    }


def _baselines(source: Json, evaluation: str) -> Json:
    """What later data is held against: the profile of the dataset, what is usual from one of its blocks of time to the next, the evaluation."""
    folder = f"s3://{source['bucket']}/{source['key'].rpartition('/')[0]}/"
    profile = {"ContentType": "application/octet-stream"}
    return {
        "ModelDataQuality": {"Statistics": {**profile, "S3Uri": f"{folder}data.profile"}, "Constraints": {**profile, "S3Uri": f"{folder}blocks.profile"}},
        "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": evaluation}},
    }


def _record(event: Json, verdict: Verdict, data: Json, cause: EventContext) -> Json:
    return {
        "TableName": event["ledger"],
        "Key": {"pk": {"S": f"MODEL#{event['model']}"}, "sk": {"S": f"RUN#{event['run']}"}},
        "UpdateExpression": "SET #status = :status, #document = :document, ended = :time, importance = :importance",
        "ExpressionAttributeNames": {"#status": "status", "#document": "document"},
        "ExpressionAttributeValues": {
            ":status": {"S": verdict.outcome},
            ":document": {"S": json.dumps(data)},
            ":time": {"S": cause.time},
            # Beside the document: it grows with the columns, and who reads many runs reads none of it.
            ":importance": {"S": json.dumps((event.get("evaluation") or {}).get("importance"))},
        },
    }
