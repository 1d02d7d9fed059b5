"""When a release may begin: not in a freeze, and one at a time; the lock that it takes, and what is said then."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from noria.kernel.events import EventContext, put_named_entry
from noria.kernel.identity import digest
from noria.kernel.json import Json
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict
from noria.release import endpoint_config

GO, FROZEN = "go", "frozen"
#: A release that is under way, and one whose machine did not report: nobody knows what the endpoint serves.
RUNNING, UNFINISHED = "running", "unfinished"
#: One that waits out a freeze: it has changed nothing yet.
WAITING = "waiting"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A lock outlives its release by no more than this (seconds); a machine that ended otherwise loses it at once.
LOCK_SECONDS = 172_800
#: A freeze is looked at again after a day at most.
LONGEST_WAIT_SECONDS = 86_400
#: Windows one after the other that are followed to their common end.
MOST_WINDOWS = 1_000


def plan_admission(event: Json) -> Json:
    """Plan when a release begins.

    Args:
        event: `{model, package, metadata, approved_at, spec, stack, ledger, owner, now, cause}`; `metadata` is what the version was
            registered with, `owner` the execution that holds the model meanwhile, `now` ISO 8601.

    Returns:
        `{outcome: go|frozen, verdict, seconds, take, entry, spec}`: `take` is the transaction that takes the model's lock and notes
        the release, in a freeze the item that only notes it; `seconds` how long to wait before the next plan; `spec` the document
        with every field of this version.
    """
    event = {**event, "spec": with_defaults(event["spec"])}
    now, release = datetime.fromisoformat(event["now"]), digest(event["package"], event["approved_at"])
    endpoint, cause = f"{event['prefix']}-{event['model']}", EventContext(**event["cause"])
    data = {
        "release": release,
        "model_package_arn": event["package"],
        "endpoint": endpoint,
        "config": f"{endpoint}-{release}",
        "strategy": event["spec"]["rollout"]["strategy"],
        "run": event["metadata"].get("run", "unknown"),
        "spec": event["metadata"].get("spec", "unknown"),
    }
    ends = freeze_ends(event["spec"]["approve"]["freeze"], now)
    if ends is not None:
        reason = Reason("Frozen", f"no release begins before {ends.isoformat(timespec='minutes')} (approve.freeze); a rollback does", event["now"])
        verdict = Verdict(FROZEN, (reason,)).to_json()
        report = {**data, "until": ends.isoformat(), "reasons": verdict["reasons"]}
        seconds = min(LONGEST_WAIT_SECONDS, max(1, round((ends - now).total_seconds())))
        message = put_named_entry("release", "RolloutDeferred", event["model"], f"{release}/{ends.isoformat()}", cause, report)
        return {
            "outcome": FROZEN,
            "verdict": verdict,
            "seconds": seconds,
            "take": _noted(event, report, WAITING)["Put"],
            "entry": message,
            "spec": event["spec"],
        }
    verdict = Verdict(GO, (Reason("Begins", f"{endpoint} is to serve {data['config']}", data["strategy"]),)).to_json()
    data["reasons"] = verdict["reasons"]
    return {
        "outcome": GO,
        "verdict": verdict,
        "seconds": 0,
        "take": {"TransactItems": [_lock(event, now), _noted(event, data)]},
        "entry": put_named_entry("release", "RolloutStarted", event["model"], release, cause, data),
        "spec": event["spec"],
    }


def freeze_ends(windows: list[Json], now: datetime) -> datetime | None:
    """When the freeze that holds now will have ended, windows that follow at once included; nothing where there is none."""
    moment = now.astimezone(UTC)
    for _ in range(MOST_WINDOWS):
        ends = [end for window in windows for end in _end(window, moment)]
        if not ends:
            break
        moment = max(ends)
    return moment if moment > now else None


def _end(window: Json, moment: datetime) -> Iterator[datetime]:
    """When a window that holds at a moment next ceases to, or to be sure of it: at midnight one of days is looked at again."""
    since, until = (datetime.fromisoformat(window[name]) if window[name] else None for name in ("since", "until"))
    if (since and moment < since) or (until and moment >= until) or (window["days"] and DAYS[moment.weekday()] not in window["days"]):
        return
    midnight = datetime.combine(moment.date() + timedelta(days=1), time(), UTC)
    ends = [until] if until else []
    if window["days"]:
        ends.append(midnight)
    if window["hours"]:
        begins, ceases = (_at(moment, clock) for clock in window["hours"].split("-"))
        if not begins <= moment < ceases:
            return
        ends.append(ceases)
    yield min(ends)


def _at(moment: datetime, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return datetime.combine(moment.date(), time(), UTC) + timedelta(hours=int(hours), minutes=int(minutes))


def _lock(event: Json, now: datetime) -> Json:
    seconds = int(now.timestamp())
    values = {":me": event["owner"], ":package": event["package"], ":approved": str(event["approved_at"]), ":began": event["now"]}
    numbers = {":now": seconds, ":later": seconds + LOCK_SECONDS}
    return {
        "Update": {
            "TableName": event["ledger"],
            "Key": {"pk": {"S": f"MODEL#{event['model']}"}, "sk": {"S": "LOCK"}},
            "UpdateExpression": "SET holder = :me, expires = :later, package = :package, began = :began, approved_at = :approved REMOVE asked, waiting",
            "ConditionExpression": "attribute_not_exists(holder) OR holder = :me OR expires < :now",
            "ExpressionAttributeValues": {
                **{name: {"S": value} for name, value in values.items()},
                **{name: {"N": str(value)} for name, value in numbers.items()},
            },
        }
    }


def _noted(event: Json, data: Json, status: str = RUNNING) -> Json:
    """The release as one that is under way, so that an interrupted one can be put right; or as one that waits."""
    facts = endpoint_config.facts(event, data, event["now"], event["spec"]["serve"]["autoscale"])
    key = {"pk": {"S": f"MODEL#{event['model']}"}, "sk": {"S": f"RELEASE#{data['release']}"}}
    return {"Put": {"TableName": event["ledger"], "Item": {**key, "status": {"S": status}, **facts}}}
