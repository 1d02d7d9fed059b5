"""Concludes a rollout: what became of the version, who is the champion, and the event that says so."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from noria.kernel import ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.verdict import Reason, Verdict
from noria.release import decision, status
from noria.release.autoscaling import scaling_failures
from noria.release.deployment import WENT_BACK, failure_reason, rollout_verdict, serves
from noria.release.events import RollbackRequested, RolloutCompleted, RolloutFailed, RolloutHeld, RolloutSkipped, RolloutUndone
from noria.release.findings import HARM
from noria.release.lock import free_lock
from noria.release.names import release_id
from noria.release.record import release_item
from noria.release.refusals import CHANGED_BY_HAND, SERVES_ALREADY
from noria.release.stop import REQUESTED, stop_reason
from noria.release.strategies import ALL_AT_ONCE
from noria.sagemaker.versions import reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from types_boto3_sagemaker.type_defs import UpdateModelPackageInputTypeDef

    from noria.release.events import ConcludedRollout
    from noria.release.shapes.approval import ApprovalShape
    from noria.release.shapes.observation import ObservationReport
    from noria.release.shapes.rollout import ConcludeRolloutInput, ConcludeRolloutResult, PlanRolloutResult, ReleaseReport
    from noria.sagemaker.descriptions import DeployedEndpoint

EVENTS: dict[str, type[ConcludedRollout]] = {
    status.COMPLETED: RolloutCompleted,
    status.ROLLED_BACK: RolloutUndone,
    status.HELD: RolloutHeld,
    status.FAILED: RolloutFailed,
    status.BY_HAND: RolloutFailed,
    status.REFUSED: RolloutSkipped,
    status.UNFINISHED: RolloutFailed,
}
#: Status after each decision of an observation that did not promote; after any other one the release has failed.
UNPROMOTED = {decision.UNDO: status.ROLLED_BACK, decision.HOLD: status.HELD, decision.CHANGED: status.BY_HAND}
#: Status after a refusal that is no failure: what a person has to settle first, and a version that serves already.
REFUSED = {CHANGED_BY_HAND: status.BY_HAND, SERVES_ALREADY: status.REFUSED}
#: What speaks against a version itself, of all for which a release is undone: it is rejected in the registry.
AGAINST = {HARM, REQUESTED, WENT_BACK}
#: Who requests a rollback after an interruption.
NORIA = "noria"
NO_REPORT: ReleaseReport = {"plan": None, "observation": None, "deployment": None, "failure": None, "stop_request": None}


def conclude_rollout(event: ConcludeRolloutInput) -> ConcludeRolloutResult:
    """Conclude a release: completed only when the endpoint serves the very configuration that was requested."""
    report = event["report"] or NO_REPORT
    verdict = _interruption(event) or _verdict(event, report)
    return _Conclusion(event, report, verdict, EventContext(**event["cause"])).result()


def _interruption(event: ConcludeRolloutInput) -> Verdict | None:
    """The verdict on a release that was begun and did not report."""
    if not event["failure"] or event["report"] is None:
        return None
    return Verdict(status.UNFINISHED, (failure_reason(event["failure"]),))


def _verdict(event: ConcludeRolloutInput, report: ReleaseReport) -> Verdict:
    plan, deployment, failure = report["plan"], report["deployment"], event["failure"] or report["failure"]
    if plan and plan["outcome"] == "refused":
        reasons = tuple(Reason(**reason) for reason in plan["verdict"]["reasons"])
        return Verdict(REFUSED.get(reasons[0].code, status.FAILED), reasons)
    stop = stop_reason(report.get("stop_request"))
    if stop and plan and not failure and deployment is None:
        return Verdict(status.ROLLED_BACK, (stop,))
    if failure or deployment is None or plan is None:
        return Verdict(status.FAILED, (failure_reason(failure),))
    observation = report["observation"]
    evidence = tuple(Reason(**reason) for reason in observation["verdict"]["reasons"]) if observation else ()
    if observation and observation["outcome"] != decision.PROMOTE:
        return _unpromoted(plan, observation, deployment, evidence)
    verdict = rollout_verdict(plan, deployment, evidence)
    return Verdict(verdict.outcome, (stop,)) if stop and verdict.outcome == status.ROLLED_BACK else verdict


def _unpromoted(plan: PlanRolloutResult, observation: ObservationReport, deployment: DeployedEndpoint, evidence: tuple[Reason, ...]) -> Verdict:
    """The verdict on a challenger that was not promoted; undone only when the champion serves alone again."""
    outcome, undo = UNPROMOTED.get(observation["outcome"], status.FAILED), plan["undo"]
    champion = undo["create"]["EndpointConfigName"] if undo else None
    if outcome == status.ROLLED_BACK and not serves(deployment, champion):
        state, config = deployment["EndpointStatus"], deployment.get("EndpointConfigName")
        text = f"the challenger was to be undone, and {plan['endpoint']} is {state} with {config}, not with {champion}: bring it back with noria rollback"
        return Verdict(status.FAILED, (Reason("NotUndone", text, config, champion), *evidence))
    return Verdict(outcome, (*evidence, *scaling_failures(deployment)))


class _Conclusion(NamedTuple):
    """A release that has ended."""

    event: ConcludeRolloutInput
    report: ReleaseReport
    verdict: Verdict
    cause: EventContext

    def result(self) -> ConcludeRolloutResult:
        concluded = self._concluded()
        return {
            "outcome": self.verdict.outcome,
            "verdict": self.verdict.to_json(),
            "registry": list(self._rejections()),
            "record": {"TransactItems": self._transaction(concluded)},
            "entries": [put_events_entry(event, self.event["model"], concluded.release, self.cause) for event in (concluded, *self._rollback_requests())],
        }

    def _rejections(self) -> Iterator[UpdateModelPackageInputTypeDef]:
        """A version that something speaks against is not released again without a person's word."""
        against = next((reason for reason in self.verdict.reasons if reason.code in AGAINST), None)
        if self.verdict.outcome == status.ROLLED_BACK and against:
            yield reject(self.event["package"], f"noria: taken back: {against.text}")

    def _concluded(self) -> ConcludedRollout:
        plan, metadata = self.report["plan"], self.event["metadata"]
        return EVENTS[self.verdict.outcome](
            release=plan["release"] if plan else release_id(self.event["package"], self.event["approved_at"]),
            model_package_arn=self.event["package"],
            endpoint=plan["endpoint"] if plan else "",
            config=plan["config"] if plan else "",
            strategy=plan.get("strategy", ALL_AT_ONCE) if plan else ALL_AT_ONCE,
            run=metadata.get("run", "unknown"),
            spec=metadata.get("spec", "unknown"),
            approval=self._approval(),
            exposed_requests=self._exposed_requests(),
            seconds=round((datetime.fromisoformat(self.cause.time) - datetime.fromisoformat(self.event["began"])).total_seconds(), 2),
            reasons=self.verdict.to_json()["reasons"],
        )

    def _approval(self) -> ApprovalShape:
        approval = self.event["approval"]
        return {
            "by": self.event["metadata"].get("approved_by") or approval["by"],
            "at": str(self.event["approved_at"]),
            "comment": approval["comment"],
        }

    def _exposed_requests(self) -> float | None:
        """Requests that the challenger has answered before the decision."""
        observation = self.report["observation"]
        return max((finding["challenger"]["requests"] for finding in observation["findings"]), default=None) if observation else None

    def _rollback_requests(self) -> list[RollbackRequested]:
        """After an interruption, the champion alone is requested."""
        if self.verdict.outcome != status.UNFINISHED:
            return []
        reason = f"the release of {self.event['package']} was interrupted: {self.verdict.reasons[0].text}"
        return [RollbackRequested(to=None, by=NORIA, reason=reason)]

    def _transaction(self, concluded: ConcludedRollout) -> list[TransactWriteItemTypeDef]:
        """The release in the ledger, the champion where the version is a new one, and a free lock."""
        model, table = self.event["model"], self.event["ledger"]
        item = self._item(ledger.release(model, concluded.release), concluded, status=self.verdict.outcome)
        items: list[TransactWriteItemTypeDef] = [{"Put": {"TableName": table, "Item": item}}]
        if self.verdict.outcome == status.COMPLETED:
            items.append({"Put": {"TableName": table, "Item": self._item(ledger.champion(model), concluded)}})
        return [*items, free_lock(table, model, self.event["owner"])]

    def _item(self, key: ledger.Item, concluded: ConcludedRollout, **state: str) -> ledger.Item:
        return release_item(key, concluded, self.event, self.cause.time, self.event["autoscale"], **state)
