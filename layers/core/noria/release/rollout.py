"""From an approved version to the endpoint that serves it: what a release asks of SageMaker, and how it ended."""

from datetime import datetime

from noria.data.contract import SMOKE_ROWS
from noria.kernel.events import EventContext, put_named_entry
from noria.kernel.identity import digest
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict, root_cause
from noria.release import analysis, approval, endpoint_config, guard
from noria.release.admission import UNFINISHED
from noria.release.analysis_plan import plan_observation
from noria.sagemaker.jobs import Transform
from noria.sagemaker.stack import StackResources, tags

COMPLETED, ROLLED_BACK, FAILED, HELD, BY_HAND = "completed", "rolled_back", "failed", "held", "by_hand"
SAID = {
    UNFINISHED: "RolloutFailed",
    COMPLETED: "RolloutCompleted",
    ROLLED_BACK: "RolledBack",
    FAILED: "RolloutFailed",
    HELD: "RolloutHeld",
    BY_HAND: "RolloutFailed",
}
#: What the metadata of a version has that a run has registered.
NEEDED = {"run", "spec", "folder", "holdout_rows", "sagemaker_model", "schema"}
#: Strategies that let both versions serve, and look.
OBSERVED = ("progressive", "ab", "shadow")


def plan_rollout(event: Json) -> Json:
    """Plan the release of one version.

    Args:
        event: `{model, package, metadata, status, approved_at, approver, spec, champion, endpoint, resources}`; `metadata` is what the version
            was registered with, `approver` the ARN of who approved it, or null, `champion` the ledger's item of what serves,
            `endpoint` its description; null when there is none.

    Returns:
        `{outcome: planned|refused, verdict, release, endpoint, config, strategy, verify, first, observe, last, back}`: what
        `verify`, `deploy` and `observe` are started with; `observe` is null where no two versions serve side by side.
    """
    resources, spec, metadata = StackResources(**event["resources"]), event["spec"], event["metadata"]
    model, serve, champion = event["model"], spec["serve"], endpoint_config.Champion.of(event["champion"])
    release = digest(event["package"], event["approved_at"])
    name, config = f"{resources.prefix}-{model}", f"{resources.prefix}-{model}-{release}"
    plan = {"release": release, "endpoint": name, "config": config}
    if reasons := _refusals(event, champion):
        return {"outcome": "refused", "verdict": Verdict("refused", tuple(reasons)).to_json(), **plan}
    uri, tagged = f"s3://{resources.artifacts}/releases/{model}/{release}/", tags(model, resources.prefix, metadata["run"])
    alarm, running, captures = (
        endpoint_config.alarm_name(resources.prefix, model),
        endpoint_config.running(event["endpoint"], serve["count"]),
        f"s3://{resources.lake}/capture",
    )
    planner = endpoint_config.EndpointPlanner(name, alarm, serve, tagged, running, captures, champion, with_defaults(spec)["monitor"]["capture"])
    strategy = spec["rollout"]["strategy"] if champion and planner.running else "all_at_once"
    observed = strategy in OBSERVED
    first = (
        planner.pair(f"{config}-try", champion, config, spec["rollout"]) if observed and champion else planner.alone(config, config, strategy, spec["rollout"])
    )
    return {
        "outcome": "planned",
        "verdict": Verdict("planned", (Reason("Strategy", f"{name} gets {config} by {strategy}", strategy, spec["rollout"]["strategy"]),)).to_json(),
        **plan,
        "strategy": strategy,
        "smoke_test": _verify(event, resources, config, uri, tagged),
        "first": first,
        "observe": plan_observation(name, f"{config}-try", strategy, spec["rollout"], _captured(event, resources, name)) if observed else None,
        "last": planner.alone(config, config, "all_at_once", spec["rollout"]),
        "back": planner.back(champion) if champion else None,
    }


def _captured(event: Json, resources: StackResources, endpoint: str) -> Json:
    """Where the answers of both versions are read, and what they are held against."""
    return {
        "bucket": resources.lake,
        "prefix": f"capture/{endpoint}/",
        "artifacts": resources.artifacts,
        "expected": f"{event['metadata']['folder']}predictions/candidate/holdout.csv.out",
        "task": event["spec"]["task"],
        "contract": event["spec"]["serve"]["answers"],
    }


def _refusals(event: Json, champion: endpoint_config.Champion | None) -> list[Reason]:
    """Why this version is not released at all."""
    endpoint = event["endpoint"]
    if missing := sorted(NEEDED - set(event["metadata"])):
        text = f"the version lacks {', '.join(missing)} in its metadata: it was not registered by a run of this stack"
        return [Reason("NotRegisteredHere", text, sorted(event["metadata"]), missing)]
    if event["status"] != "Approved":
        return [Reason("NotApproved", f"the version is {event['status']} by now", event["status"], "Approved")]
    if champion and endpoint and endpoint.get("EndpointConfigName") not in (champion.config, None) and not endpoint_config.is_own(endpoint, champion):
        result = endpoint["EndpointConfigName"]
        text = (
            f"{endpoint['EndpointName']} serves {result}, not {champion.config} that was released last: somebody has changed it by hand. "
            "Nothing is overwritten; bring it back with noria rollback, or delete the endpoint, and approve the version again"
        )
        return [Reason("ChangedByHand", text, result, champion.config)]
    if objected := approval.objection(event["spec"]["approve"], event["spec"].get("published_by", "unknown"), event["approver"]):
        return [objected]
    if (
        champion
        and endpoint_config.version_number(event["package"]) < endpoint_config.version_number(champion.package)
        and event["metadata"].get("over") != champion.package
    ):
        text = (
            f"{champion.package} is newer and serves: to put {event['package']} in its place, approve it once more with "
            f"noria approve --again, or with {champion.package} as its metadata property over"
        )
        return [Reason("OlderVersion", text, event["package"], champion.package)]
    if champion and champion.approved_at > str(event["approved_at"]):
        text = f"{champion.package} was approved later and serves: approve this version again if it shall take its place"
        return [Reason("Superseded", text, event["approved_at"], champion.approved_at)]
    return []


def _verify(event: Json, resources: StackResources, config: str, uri: str, tagged: list[Json]) -> Json:
    metadata, package = event["metadata"], event["package"]
    smoke = f"s3://{resources.artifacts}/{metadata['folder']}smoke/"
    return {
        "model": {
            "ModelName": config,
            "ExecutionRoleArn": resources.execution_role,
            "Containers": [{"ModelPackageName": package}],
            "Tags": tagged,
        },
        "transform": Transform(f"{config}-smoke", config, smoke, uri, event["spec"]["evaluate"]["instance"]).request(tagged),
        "check": {
            "bucket": resources.artifacts,
            "answers": f"{uri.removeprefix(f's3://{resources.artifacts}/')}smoke.csv.out",
            "expected": f"{metadata['folder']}predictions/candidate/holdout.csv.out",
            "rows": min(SMOKE_ROWS, int(metadata["holdout_rows"])),
        },
    }


def conclude_rollout(event: Json) -> Json:
    """Conclude a release: completed only when the endpoint serves the very configuration that was asked for.

    Args:
        event: `{model, package, metadata, approved_at, approval: {by, why}, autoscale|null, released|null, failure|null, ledger,
            owner, began, cause}`; `released` is what the machine `release` reports: `{plan, observed|null, deployed|null,
            failure|null}`, `deployed` the endpoint's last description; null before it was begun, and empty where it did not report.

    Returns:
        `{outcome, verdict, record, entries}`; `record` is the transaction that makes the version the champion, or only
        remembers the release, and gives the model free for the next one; of a release that did not report, `entries` also ask
        for the champion alone.
    """
    released, cause = event["released"] or {}, EventContext(**event["cause"])
    plan = released.get("plan") or {"release": digest(event["package"], event["approved_at"]), "endpoint": "", "config": ""}
    result = _unfinished(event) or _verdict(plan, released, event.get("failure"))
    data = {
        "release": plan["release"],
        "model_package_arn": event["package"],
        "endpoint": plan["endpoint"],
        "config": plan["config"],
        "strategy": plan.get("strategy", "all_at_once"),
        "run": event["metadata"].get("run", "unknown"),
        "spec": event["metadata"].get("spec", "unknown"),
        "approval": {
            "by": event["metadata"].get("approved_by") or event.get("approval", {}).get("by"),
            "at": str(event["approved_at"]),
            "why": event.get("approval", {}).get("why"),
        },
        "exposed_requests": _exposed(released),
        "seconds": round((datetime.fromisoformat(cause.time) - datetime.fromisoformat(event["began"])).total_seconds(), 2),
        "reasons": result.to_json()["reasons"],
    }
    return {
        "outcome": result.outcome,
        "verdict": result.to_json(),
        "record": {"TransactItems": _records(event, result, data, cause)},
        "entries": [put_named_entry("release", SAID[result.outcome], event["model"], plan["release"], cause, data), *_asked_back(event, result, plan, cause)],
    }


def _unfinished(event: Json) -> Verdict | None:
    """The verdict on a release that was begun and did not report."""
    failure = event.get("failure")
    if not failure or event["released"] is None:
        return None
    return Verdict(UNFINISHED, (Reason(str(failure.get("Error", "States.Runtime")), root_cause(str(failure.get("Cause", "")))),))


def _asked_back(event: Json, result: Verdict, plan: Json, cause: EventContext) -> list[Json]:
    if result.outcome != UNFINISHED:
        return []
    request = {"to": None, "by": "noria", "reason": f"the release of {event['package']} was interrupted: {result.reasons[0].text}"}
    return [put_named_entry("release", "RollbackRequested", event["model"], plan["release"], cause, request)]


def _verdict(plan: Json, released: Json, failure: Json | None) -> Verdict:
    if plan.get("outcome") == "refused":
        reasons = tuple(Reason(**reason) for reason in plan["verdict"]["reasons"])
        return Verdict(BY_HAND if reasons[0].code == "ChangedByHand" else FAILED, reasons)
    failure = failure or released.get("failure")
    deployed, observed = released.get("deployed"), released.get("observed")
    if failure or deployed is None:
        report = failure or {}
        return Verdict(FAILED, (Reason(str(report.get("Error", "States.Runtime")), root_cause(str(report.get("Cause", "")))),))
    evidence = tuple(Reason(**reason) for reason in observed["verdict"]["reasons"]) if observed else ()
    status, serves, request = deployed["EndpointStatus"], deployed.get("EndpointConfigName"), plan["config"]
    if observed and observed["outcome"] != guard.PROMOTE:
        outcome = {guard.UNDO: ROLLED_BACK, guard.HOLD: HELD, analysis.CHANGED: BY_HAND}.get(observed["outcome"], FAILED)
        back = plan["back"]["create"]["EndpointConfigName"]
        if outcome == ROLLED_BACK and (status != "InService" or serves != back):
            text = f"the challenger was to be undone, and {plan['endpoint']} is {status} with {serves}, not with {back}: bring it back with noria rollback"
            return Verdict(FAILED, (Reason("NotUndone", text, serves, back), *evidence))
        return Verdict(outcome, (*evidence, *endpoint_config.unscaled(deployed)))
    if status == "InService" and serves == request:
        return Verdict(COMPLETED, (Reason("Serves", f"{plan['endpoint']} serves {request}", serves, request), *endpoint_config.unscaled(deployed), *evidence))
    return Verdict(*_not_serving(plan, deployed, status, serves))


def _not_serving(plan: Json, deployed: Json, status: str, serves: str | None) -> tuple[str, tuple[Reason, ...]]:
    """An endpoint that ended otherwise than it was asked to."""
    request = plan["config"]
    if refused := deployed.get("Refused"):
        return FAILED, (Reason(str(refused.get("Error")), root_cause(str(refused.get("Cause", ""))), serves, request),)
    if status == "InService" and serves != deployed.get("Before", serves):
        text = f"{plan['endpoint']} serves {serves}, which another release or a hand has put there meanwhile, not {request} that was asked for"
        return FAILED, (Reason("Overtaken", text, serves, request),)
    if status == "InService":
        text = f"{plan['endpoint']} is InService with {serves}, not with {request} that was asked for: SageMaker went back to it"
        return ROLLED_BACK, (Reason("WentBack", text, serves, request),)
    return FAILED, (Reason("EndpointNotInService", deployed.get("FailureReason", f"the endpoint is {status}"), status, "InService"),)


def _exposed(released: Json) -> float | None:
    """Requests that the challenger has answered before it was decided."""
    findings = (released.get("observed") or {}).get("findings") or []
    return max((finding["challenger"]["requests"] for finding in findings), default=None)


def _records(event: Json, result: Verdict, data: Json, cause: EventContext) -> list[Json]:
    key, table = f"MODEL#{event['model']}", event["ledger"]
    facts = endpoint_config.facts(event, data, cause.time, event.get("autoscale"))
    remembered = {"pk": {"S": key}, "sk": {"S": f"RELEASE#{data['release']}"}, "status": {"S": result.outcome}, **facts}
    items = [{"Put": {"TableName": table, "Item": remembered}}]
    if result.outcome == COMPLETED:
        items.append({"Put": {"TableName": table, "Item": {"pk": {"S": key}, "sk": {"S": "CHAMPION"}, **facts}}})
    lock = {
        "TableName": table,
        "Key": {"pk": {"S": key}, "sk": {"S": "LOCK"}},
        "ConditionExpression": "attribute_not_exists(pk) OR holder = :me",
        "ExpressionAttributeValues": {":me": {"S": event["owner"]}},
    }
    return [*items, {"Delete": lock}]
