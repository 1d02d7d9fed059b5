"""Admission of a release: waits out change freezes and takes the model's release lock."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from noria.kernel import ledger
from noria.kernel.events import EventContext, put_events_entry
from noria.kernel.spec_defaults import with_defaults
from noria.kernel.verdict import Reason, Verdict
from noria.release import status
from noria.release.events import RolloutDeferred, RolloutStarted
from noria.release.freeze import freeze_ends
from noria.release.lock import take_lock
from noria.release.names import ReleaseNames, release_names
from noria.release.record import release_item
from noria.release.stop import stop_alarm
from noria.release.strategies import STRATEGIES

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef

    from noria.kernel.published_spec import PublishedSpec
    from noria.release.shapes.admission import PlanAdmissionInput, PlanAdmissionResult, RolloutSubject

GO, FROZEN = "go", "frozen"
#: A freeze is checked again after a day at most.
LONGEST_WAIT_SECONDS = 86_400


def plan_admission(event: PlanAdmissionInput) -> PlanAdmissionResult:
    """Plan when a release begins: at once, under the lock of its model, or after the freeze in force."""
    spec: PublishedSpec = with_defaults(event["spec"])
    names = release_names(event["prefix"], event["model"], event["package"], event["approved_at"])
    admission = _Admission(event, spec, datetime.fromisoformat(event["now"]), names)
    ends = freeze_ends(spec["approve"]["freeze"], admission.now)
    return admission.start() if ends is None else admission.defer(ends)


class _Admission(NamedTuple):
    """A version that asks for the lock of its model."""

    event: PlanAdmissionInput
    spec: PublishedSpec
    now: datetime
    names: ReleaseNames

    def start(self) -> PlanAdmissionResult:
        """The release begins as soon as the lock is free."""
        reason = Reason("Begins", f"{self.names.endpoint} is to serve {self.names.config}", self.spec["rollout"]["strategy"])
        verdict = Verdict(GO, (reason,)).to_json()
        started = RolloutStarted(**self._subject(), reasons=verdict["reasons"])
        return {
            "outcome": "go",
            "verdict": verdict,
            "seconds": 0,
            "transaction": {"TransactItems": [self._take_lock(), {"Put": self._record(started, status.RUNNING)}]},
            "record": None,
            "entry": put_events_entry(started, self.event["model"], self.names.release, EventContext(**self.event["cause"])),
            "spec": self.spec,
        }

    def defer(self, ends: datetime) -> PlanAdmissionResult:
        """The release waits until a freeze ends."""
        text = f"no release begins before {ends.isoformat(timespec='minutes')} (approve.freeze); a rollback does"
        verdict = Verdict(FROZEN, (Reason("Frozen", text, self.event["now"]),)).to_json()
        deferred = RolloutDeferred(**self._subject(), until=ends.isoformat(), reasons=verdict["reasons"])
        subject = f"{self.names.release}/{deferred.until}"
        return {
            "outcome": "frozen",
            "verdict": verdict,
            "seconds": min(LONGEST_WAIT_SECONDS, max(1, round((ends - self.now).total_seconds()))),
            "transaction": None,
            "record": self._record(deferred, status.WAITING),
            "entry": put_events_entry(deferred, self.event["model"], subject, EventContext(**self.event["cause"])),
            "spec": self.spec,
        }

    def _subject(self) -> RolloutSubject:
        """What both events say of the release."""
        metadata = self.event["metadata"]
        return {
            **self.names.to_json(),
            "model_package_arn": self.event["package"],
            "strategy": self.spec["rollout"]["strategy"],
            "run": metadata.get("run", "unknown"),
            "spec": metadata.get("spec", "unknown"),
        }

    def _take_lock(self) -> TransactWriteItemTypeDef:
        event = self.event
        guarded = STRATEGIES[self.spec["rollout"]["strategy"]].guardrails
        alarm = stop_alarm(event["prefix"], event["model"], on=True) if guarded else None
        return take_lock(event["ledger"], event, event["owner"], event["now"], alarm)

    def _record(self, published: RolloutStarted | RolloutDeferred, state: str) -> PutTypeDef:
        """The release in the ledger from now on, so that an interrupted one can be settled."""
        key = ledger.release(self.event["model"], self.names.release)
        item = release_item(key, published, self.event, self.event["now"], self.spec["serve"]["autoscale"], status=state)
        return {"TableName": self.event["ledger"], "Item": item}
