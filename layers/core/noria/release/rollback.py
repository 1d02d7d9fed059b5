"""Back to the last good release: by an alarm on what serves, or by a person's word, also long after the rollout has ended."""

import json
from datetime import datetime

from noria.kernel.events import EventContext, put_named_entry
from noria.kernel.json import Json
from noria.kernel.verdict import Reason, Verdict, root_cause
from noria.release import endpoint_config
from noria.release.admission import RUNNING, UNFINISHED, WAITING

RESTORE, YIELD, UNDONE, REFUSED = "restore", "yield", "undone", "refused"
RESTORED, FAILED = "rolled_back", "rollback_failed"
#: Releases after which the endpoint serves something else than the champion alone; one that runs, though nobody holds the model, was interrupted.
HELD, BY_HAND = "held", "by_hand"
#: Who asks after an interrupted machine has left a model.
INTERRUPTED = "noria"
SAID = {RESTORED: "RolledBack", FAILED: "RollbackFailed", REFUSED: "RollbackFailed", UNDONE: "RollbackSkipped"}


def plan_rollback(event: Json) -> Json:
    """Plan the way back.

    Args:
        event: `{model, asked: {to|null, reason, by}, items, began, now}`: `items` are the ledger's LOCK and RELEASE# items of the
            model, `to` the ARN of a version, or null for the one before, `began` when it was asked for (ISO 8601), `now` seconds
            since the epoch.

    Returns:
        `{outcome: restore|yield|undone|refused, verdict, from, to, deploy, holder, asks}`; `from` and `to` are releases of the
        ledger. `yield`: a release is under way, it is asked to end where `asks` says so, and the plan is made again.
    """
    items = [{name: next(iter(value.values())) for name, value in item.items()} for item in event["items"]]
    request, alarmed = event["asked"], str(event["asked"]["by"]).startswith("alarm ")
    lock = next((item for item in items if item["sk"] == "LOCK" and item.get("holder") and float(item.get("expires", 0)) > event["now"]), None)
    if lock is not None:
        text = f"{lock.get('package')} of {event['model']} is just being released, or taken back: {request['reason']}"
        return {
            **_told(YIELD, Reason("UnderWay", text, lock.get("package")), None, None),
            "holder": lock["holder"],
            "asks": not alarmed and request["by"] != INTERRUPTED,
        }
    releases = sorted((item for item in items if item["sk"] != "LOCK" and item.get("status") != WAITING), key=lambda item: item["time"])
    served = [item for item in releases if item.get("status") in ("completed", "restored")]
    current, newest = (served[-1] if served else None), (releases[-1] if releases else None)
    if current is None or newest is None:
        return _told(REFUSED, Reason("NothingServes", f"no version of {event['model']} was ever released"), None, None)
    since = _seconds(newest["time"]) > _seconds(event["began"])
    if since and alarmed and newest is current:
        return _told(REFUSED, Reason("AnotherServes", f"{current['package']} serves since the alarm went off"), current, None)
    if since and not alarmed and newest["status"] == "rolled_back":
        return _told(UNDONE, Reason("UndoneMeanwhile", f"the release of {newest['package']} has undone itself", newest["package"]), newest, current)
    if unsettled := _unsettled(releases):
        # What the endpoint serves is not what was released last: the champion alone is what it goes back to.
        return _restored(unsettled, current, request)
    if request["by"] == INTERRUPTED:
        return _told(REFUSED, Reason("SettledMeanwhile", f"{current['package']} serves alone since: {request['reason']}"), current, None)
    expected = request["to"]
    earlier = [item for item in served[:-1] if item["package"] != current["package"]]
    target = next((item for item in reversed(served if expected else earlier) if expected in (None, item["package"])), None)
    if target is None:
        text = f"{expected} was never released" if expected else "there is no release before the one that serves"
        return _told(REFUSED, Reason("NoSuchRelease", f"{text}; noria releases {event['model']} lists them", expected), current, None)
    if target["package"] == current["package"]:
        return _told(REFUSED, Reason("ServesAlready", f"{expected} is what serves", expected), current, target)
    return _restored(current, target, request)


def _unsettled(releases: list[Json]) -> Json | None:
    """The last release after which the endpoint may serve something else than the champion alone."""
    for release in reversed(releases):
        if release.get("status") in (HELD, BY_HAND, RUNNING, UNFINISHED):
            return release
        if release.get("status") in ("completed", "restored", "rolled_back"):
            return None
    return None


def _restored(left: Json, target: Json, request: Json) -> Json:
    text = f"{target['endpoint']} goes back from {left['package']} to {target['package']}: {request['reason']}"
    return _told(RESTORE, Reason("Restore", text, left["package"], target["package"]), left, target)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def _told(outcome: str, reason: Reason, current: Json | None, target: Json | None) -> Json:
    """The plan; where something is restored, with what `deploy` is started with: the configuration that is kept, in one call."""
    deploy = None
    if outcome == RESTORE and target:
        endpoint, config = target["endpoint"], target["config"]
        deploy = {
            "config": None,
            "create": {"EndpointName": endpoint, "EndpointConfigName": config},
            "update": endpoint_config.update_of(endpoint, config),
            **endpoint_config.scaling(endpoint, json.loads(target.get("autoscale", "null")), json.loads((current or {}).get("autoscale", "null"))),
        }
    retained = ("package", "release", "config", "endpoint", "run", "time")
    sides = {name: {key: item[key] for key in retained} if item else None for name, item in (("from", current), ("to", target))}
    return {"outcome": outcome, "verdict": Verdict(outcome, (reason,)).to_json(), **sides, "deploy": deploy, "holder": None, "asks": False}


def conclude_rollback(event: Json) -> Json:
    """Conclude: restored only when the endpoint serves the configuration that was asked for.

    Args:
        event: `{model, asked, items, plan, deployed|null, failure|null, began, ledger, owner, cause}`; `began` is when the alarm went
            off or the rollback was asked for (ISO 8601).

    Returns:
        `{outcome, verdict, record, entry}`.
    """
    plan, cause, failure = event["plan"] or {}, EventContext(**event["cause"]), event.get("failure")
    result = _verdict(plan, event.get("deployed"), failure)
    left, target = plan.get("from") or {}, plan.get("to") or {}
    took = (datetime.fromisoformat(cause.time) - datetime.fromisoformat(event["began"])).total_seconds()
    data = {
        "release": left.get("release"),
        "model_package_arn": left.get("package"),
        "endpoint": left.get("endpoint"),
        "config": left.get("config"),
        "run": left.get("run"),
        "restored": target.get("package"),
        "asked_by": event["asked"]["by"],
        "seconds": round(took, 2),
        "reasons": result.to_json()["reasons"],
    }
    return {
        "outcome": result.outcome,
        "verdict": result.to_json(),
        "record": {"TransactItems": _records(event, result, plan, cause)},
        "entry": put_named_entry("release", SAID[result.outcome], event["model"], f"{left.get('release')}/{event['cause']['causation_id']}", cause, data),
    }


def _verdict(plan: Json, deployed: Json | None, failure: Json | None) -> Verdict:
    reasons = tuple(Reason(**reason) for reason in plan.get("verdict", {}).get("reasons", []))
    if failure is None and plan.get("outcome") != RESTORE:
        return Verdict(UNDONE if plan.get("outcome") == UNDONE else REFUSED, reasons)
    if failure or deployed is None:
        report = failure or {}
        return Verdict(FAILED, (Reason(str(report.get("Error", "States.Runtime")), root_cause(str(report.get("Cause", "")))), *reasons))
    request, serves = plan["to"]["config"], deployed.get("EndpointConfigName")
    if deployed["EndpointStatus"] == "InService" and serves == request:
        return Verdict(RESTORED, (*reasons, *endpoint_config.unscaled(deployed)))
    refused = deployed.get("Refused") or {}
    text = root_cause(str(refused.get("Cause"))) if refused else f"the endpoint is {deployed['EndpointStatus']} with {serves}, not with {request}"
    return Verdict(FAILED, (Reason("NotRestored", text, serves, request), *reasons))


def _records(event: Json, result: Verdict, plan: Json, cause: EventContext) -> list[Json]:
    """What changes in the ledger: who serves, and that the version was taken back."""
    table, key = event["ledger"], f"MODEL#{event['model']}"
    lock = {"pk": {"S": key}, "sk": {"S": "LOCK"}}
    mine = {"ConditionExpression": "attribute_not_exists(pk) OR holder = :me", "ExpressionAttributeValues": {":me": {"S": event["owner"]}}}
    audit = {
        "pk": {"S": key},
        "sk": {"S": f"ROLLBACK#{cause.causation_id}"},
        "status": {"S": result.outcome},
        "time": {"S": cause.time},
        "document": {"S": _document(event, result)},
    }
    items: list[Json] = [{"Put": {"TableName": table, "Item": audit}}]
    if result.outcome == RESTORED:
        change = {"UpdateExpression": "SET #status = :status, #time = :time", "ExpressionAttributeNames": {"#status": "status", "#time": "time"}}
        for side, status in (("from", "rolled_back"), ("to", "restored")):
            release = {"pk": {"S": key}, "sk": {"S": f"RELEASE#{plan[side]['release']}"}}
            values = {":status": {"S": status}, ":time": {"S": cause.time if side == "to" else plan["from"]["time"]}}
            items.append({"Update": {"TableName": table, "Key": release, **change, "ExpressionAttributeValues": values}})
        items.append({"Put": {"TableName": table, "Item": {**_champion(event, plan), "pk": {"S": key}, "sk": {"S": "CHAMPION"}}}})
    return [*items, {"Delete": {"TableName": table, "Key": lock, **mine}}]


def _champion(event: Json, plan: Json) -> Json:
    """The restored release's own facts, as they were when it was released."""
    item = next(item for item in event["items"] if item["sk"]["S"] == f"RELEASE#{plan['to']['release']}")
    facts = {name: value for name, value in item.items() if name not in ("pk", "sk", "status")}
    report = {name: facts[name]["S"] for name in ("release", "endpoint", "config", "run", "spec") if name in facts}
    document = {**report, "model_package_arn": facts["package"]["S"], "reasons": []}
    # It serves anew from now on: what was answered before, the version that is taken back may have answered.
    return {**facts, "time": {"S": event["cause"]["time"]}, "document": {"S": json.dumps(document)}}


def _document(event: Json, result: Verdict) -> str:
    plan = event["plan"] or {}
    report = {"asked": event["asked"], "from": plan.get("from"), "to": plan.get("to"), "reasons": result.to_json()["reasons"]}
    return json.dumps(report)
