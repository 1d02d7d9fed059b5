"""Concludes a rollback: restored only when the endpoint serves the configuration that was requested."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from noria.kernel import ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.verdict import Reason, Verdict, root_cause
from noria.release import status
from noria.release.autoscaling import scaling_failures
from noria.release.deployment import failure_reason, serves
from noria.release.events import ReleaseRestored, RollbackFailed, RollbackSkipped
from noria.release.lock import free_lock
from noria.sagemaker.versions import approve_again, reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from types_boto3_sagemaker.type_defs import UpdateModelPackageInputTypeDef

    from noria.release.shapes.rollback import (
        ChampionDocument,
        ConcludeRollbackInput,
        ConcludeRollbackResult,
        PlanRollbackResult,
        ReleaseSummary,
        RollbackDocument,
    )
    from noria.sagemaker.descriptions import DeployedEndpoint

EVENTS: dict[str, type[ReleaseRestored | RollbackFailed | RollbackSkipped]] = {
    status.ROLLED_BACK: ReleaseRestored,
    status.ROLLBACK_FAILED: RollbackFailed,
    status.REFUSED: RollbackFailed,
    status.UNDONE: RollbackSkipped,
}


def conclude_rollback(event: ConcludeRollbackInput) -> ConcludeRollbackResult:
    """Conclude a rollback: who is the champion, and the event that says so."""
    return _Conclusion(event, _verdict(event["plan"], event), EventContext(**event["cause"])).result()


def _verdict(plan: PlanRollbackResult | None, event: ConcludeRollbackInput) -> Verdict:
    reasons = tuple(Reason(**reason) for reason in plan["verdict"]["reasons"]) if plan else ()
    if event["failure"] is None and not (plan and plan["outcome"] == "restore"):
        return Verdict(status.UNDONE if plan and plan["outcome"] == "undone" else status.REFUSED, reasons)
    deployment, target = event["deployment"], plan["target"] if plan else None
    if event["failure"] or deployment is None or target is None:
        return Verdict(status.ROLLBACK_FAILED, (failure_reason(event["failure"]), *reasons))
    if serves(deployment, target["config"]):
        return Verdict(status.ROLLED_BACK, (*reasons, *scaling_failures(deployment)))
    return Verdict(status.ROLLBACK_FAILED, (_shortfall(deployment, target["config"]), *reasons))


def _shortfall(deployment: DeployedEndpoint, config: str) -> Reason:
    """Why the endpoint does not serve the target."""
    actual, refusal = deployment.get("EndpointConfigName"), deployment.get("Refusal")
    text = root_cause(str(refusal.get("Cause"))) if refusal else f"the endpoint is {deployment['EndpointStatus']} with {actual}, not with {config}"
    return Reason("NotRestored", text, actual, config)


class _Conclusion(NamedTuple):
    """A rollback that has ended."""

    event: ConcludeRollbackInput
    verdict: Verdict
    cause: EventContext

    def result(self) -> ConcludeRollbackResult:
        concluded = self._concluded()
        subject = f"{concluded.release}/{self.cause.causation_id}"
        return {
            "outcome": self.verdict.outcome,
            "verdict": self.verdict.to_json(),
            "registry": list(self._marks()),
            "record": {"TransactItems": self._transaction()},
            "entry": put_events_entry(concluded, self.event["model"], subject, self.cause),
        }

    @property
    def _current(self) -> ReleaseSummary | None:
        return self.event["plan"]["current"] if self.event["plan"] else None

    @property
    def _target(self) -> ReleaseSummary | None:
        return self.event["plan"]["target"] if self.event["plan"] else None

    def _marks(self) -> Iterator[UpdateModelPackageInputTypeDef]:
        """The version that was left is rejected, the restored one approved again."""
        current, target, why = self._current, self._target, self.verdict.reasons[0].text
        if self.verdict.outcome != status.ROLLED_BACK or not current or not target:
            return
        if current["package"] != target["package"]:
            yield reject(current["package"], f"noria: taken back: {why}")
        yield approve_again(target["package"], f"noria: restored: {why}")

    def _concluded(self) -> ReleaseRestored | RollbackFailed | RollbackSkipped:
        current, target = self._current, self._target
        took = datetime.fromisoformat(self.cause.time) - datetime.fromisoformat(self.event["began"])
        return EVENTS[self.verdict.outcome](
            release=current["release"] if current else None,
            model_package_arn=current["package"] if current else None,
            endpoint=current["endpoint"] if current else None,
            config=current["config"] if current else None,
            run=current["run"] if current else None,
            restored=target["package"] if target else None,
            requested_by=self.event["request"]["by"],
            seconds=round(took.total_seconds(), 2),
            reasons=self.verdict.to_json()["reasons"],
        )

    def _transaction(self) -> list[TransactWriteItemTypeDef]:
        """The rollback in the ledger, both releases and the champion where one was restored, and a free lock.

        A rollback that restores nothing has not taken the lock: whoever waited for the release under way may hold it by now.
        """
        model, table = self.event["model"], self.event["ledger"]
        current, target = self._current, self._target
        items: list[TransactWriteItemTypeDef] = [{"Put": {"TableName": table, "Item": self._item()}}]
        if self.verdict.outcome == status.ROLLED_BACK and current and target:
            items.append(self._change_status(current, status.ROLLED_BACK, current["time"]))
            if target["release"] != current["release"]:
                items.append(self._change_status(target, status.RESTORED, self.cause.time))
            items.append({"Put": {"TableName": table, "Item": self._champion(target)}})
        planned = self.event["plan"] is not None and self.event["plan"]["outcome"] == "restore"
        return [*items, free_lock(table, model, self.event["owner"])] if planned else items

    def _item(self) -> ledger.Item:
        document: RollbackDocument = {
            "request": self.event["request"],
            "current": self._current,
            "target": self._target,
            "reasons": self.verdict.to_json()["reasons"],
        }
        key = ledger.rollback(self.event["model"], self.cause.causation_id)
        return ledger.item(key, status=self.verdict.outcome, time=self.cause.time, document=document)

    def _change_status(self, release: ReleaseSummary, state: str, time: str) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self.event["ledger"],
                "Key": ledger.release(self.event["model"], release["release"]),
                "UpdateExpression": "SET #status = :status, #time = :time, reasons = :reasons",
                "ExpressionAttributeNames": {"#status": "status", "#time": "time"},
                "ExpressionAttributeValues": {
                    ":status": ledger.attribute(state),
                    ":time": ledger.attribute(time),
                    ":reasons": ledger.attribute(self.verdict.to_json()["reasons"]),
                },
            }
        }

    def _champion(self, target: ReleaseSummary) -> ledger.Item:
        """The restored release's own item. It serves anew from now on: earlier predictions may be the other version's."""
        key = ledger.release(self.event["model"], target["release"])
        stored = next(item for item in self.event["items"] if item["sk"] == key["sk"])
        facts = {name: value for name, value in stored.items() if name not in ("pk", "sk", "status", "time", "document")}
        document: ChampionDocument = {}
        for name in ("release", "endpoint", "config", "run", "spec"):
            if name in stored:
                document[name] = stored[name]["S"]
        document |= {"model_package_arn": stored["package"]["S"], "reasons": []}
        return {**facts, **ledger.item(ledger.champion(self.event["model"]), time=self.cause.time, document=document)}
