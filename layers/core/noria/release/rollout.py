"""From an approved version to the endpoint that serves it, and the proof that it does."""

import json
from typing import Any

from noria.data.contract import SMOKE_ROWS
from noria.kernel.events import Cause, entry
from noria.kernel.identity import digest
from noria.kernel.verdict import Reason, Verdict, innermost
from noria.training.planning import Resources, tags, transform_job

Json = dict[str, Any]
COMPLETED, ROLLED_BACK, FAILED = "completed", "rolled_back", "failed"
SAID = {COMPLETED: "RolloutCompleted", ROLLED_BACK: "RolledBack", FAILED: "RolloutFailed"}
VARIANT = "main"


def plan_rollout(event: Json) -> Json:
    """Plan the release of one version.

    Args:
        event: `{model, package, metadata, approved_at, spec, resources}`; `metadata` is what the version was registered with.

    Returns:
        `{outcome, release, endpoint, verify, deploy}`: what `verify` and `deploy` are started with.
    """
    resources, spec, metadata = Resources(**event["resources"]), event["spec"], event["metadata"]
    model, serve = event["model"], spec["serve"]
    release = digest(event["package"], event["approved_at"])
    name, config = f"{resources.stack}-{model}", f"{resources.stack}-{model}-{release}"
    uri, tagged = f"s3://{resources.artifacts}/releases/{model}/{release}/", tags(model, resources.stack, metadata["run"])
    served = {
        "ModelName": config,
        "ExecutionRoleArn": resources.execution_role,
        "PrimaryContainer": {"ModelPackageName": event["package"]},
        "Tags": tagged,
    }
    smoke = f"s3://{resources.artifacts}/{metadata['folder']}smoke/"
    return {
        "outcome": "planned",
        "release": release,
        "endpoint": name,
        "config": config,
        "verify": {
            "model": served,
            "transform": transform_job(f"{config}-smoke", config, smoke, uri, serve["instance"], tagged),
            "check": {
                "bucket": resources.artifacts,
                "answers": f"releases/{model}/{release}/smoke.csv.out",
                "expected": f"{metadata['folder']}predictions/candidate/holdout.csv.out",
                "rows": min(SMOKE_ROWS, int(metadata["holdout_rows"])),
            },
        },
        "deploy": {
            "config": _config(config, serve, tagged),
            "create": {"EndpointName": name, "EndpointConfigName": config, "Tags": tagged},
            "update": {
                "EndpointName": name,
                "EndpointConfigName": config,
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}],
            },
        },
    }


def _config(name: str, serve: Json, tagged: list[Json]) -> Json:
    variant = {
        "VariantName": VARIANT,
        "ModelName": name,
        "InstanceType": serve["instance"],
        "InitialInstanceCount": serve["count"],
        "InitialVariantWeight": 1.0,
    }
    return {"EndpointConfigName": name, "ProductionVariants": [variant], "Tags": tagged}


def conclude_rollout(event: Json) -> Json:
    """Conclude a release: completed only when the endpoint serves the very configuration that was asked for.

    Args:
        event: `{model, package, metadata, plan: {release, endpoint, config}, deployed|null, failure|null, ledger, cause}`;
            `deployed` is the endpoint's last description.

    Returns:
        `{outcome, verdict, record, entry}`; `record` is the transaction that makes the version the champion, or only
        remembers the release.
    """
    plan, cause = event["plan"], Cause(**event["cause"])
    verdict = _verdict(plan, event.get("deployed"), event.get("failure"))
    data = {
        "release": plan["release"],
        "model_package_arn": event["package"],
        "endpoint": plan["endpoint"],
        "config": plan["config"],
        "run": event["metadata"]["run"],
        "spec": event["metadata"]["spec"],
        "reasons": verdict.to_json()["reasons"],
    }
    return {
        "outcome": verdict.outcome,
        "verdict": verdict.to_json(),
        "record": {"TransactItems": _records(event, verdict, data, cause)},
        "entry": entry("release", SAID[verdict.outcome], event["model"], plan["release"], cause, data),
    }


def _verdict(plan: Json, deployed: Json | None, failure: Json | None) -> Verdict:
    if failure or deployed is None:
        told = failure or {}
        return Verdict(FAILED, (Reason(str(told.get("Error", "States.Runtime")), innermost(str(told.get("Cause", "")))),))
    status, serves = deployed["EndpointStatus"], deployed.get("EndpointConfigName")
    if status == "InService" and serves == plan["config"]:
        return Verdict(COMPLETED, (Reason("Serves", f"{plan['endpoint']} serves {plan['config']}", serves, plan["config"]),))
    if refused := deployed.get("Refused"):
        return Verdict(FAILED, (Reason(str(refused.get("Error")), innermost(str(refused.get("Cause", ""))), serves, plan["config"]),))
    if status == "InService" and serves != deployed.get("Before", serves):
        text = f"{plan['endpoint']} serves {serves}, which another release or a hand has put there meanwhile, not {plan['config']} that was asked for"
        return Verdict(FAILED, (Reason("Overtaken", text, serves, plan["config"]),))
    if status == "InService":
        text = f"{plan['endpoint']} is InService with {serves}, not with {plan['config']} that was asked for: SageMaker went back to it"
        return Verdict(ROLLED_BACK, (Reason("WentBack", text, serves, plan["config"]),))
    reason = deployed.get("FailureReason", f"the endpoint is {status}")
    return Verdict(FAILED, (Reason("EndpointNotInService", reason, status, "InService"),))


def _records(event: Json, verdict: Verdict, data: Json, cause: Cause) -> list[Json]:
    key = f"MODEL#{event['model']}"
    facts = {
        "package": {"S": event["package"]},
        "endpoint": {"S": data["endpoint"]},
        "config": {"S": data["config"]},
        "run": {"S": data["run"]},
        "release": {"S": data["release"]},
        "sagemaker_model": {"S": event["metadata"]["sagemaker_model"]},
        "schema": {"S": event["metadata"]["schema"]},
        "time": {"S": cause.time},
        "document": {"S": json.dumps(data)},
    }
    remembered = {"pk": {"S": key}, "sk": {"S": f"RELEASE#{data['release']}"}, "status": {"S": verdict.outcome}, **facts}
    items = [{"Put": {"TableName": event["ledger"], "Item": remembered}}]
    if verdict.outcome == COMPLETED:
        items.append({"Put": {"TableName": event["ledger"], "Item": {"pk": {"S": key}, "sk": {"S": "CHAMPION"}, **facts}}})
    return items
