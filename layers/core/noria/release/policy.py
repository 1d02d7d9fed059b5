"""Approval policy: what speaks against an automatic approval, and against a person's."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from noria.kernel.verdict import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noria.kernel.published_spec import ApproveShape
    from noria.release.shapes.approval import DecideApprovalInput

MIB = 1024 * 1024
DAY_SECONDS = 86_400


def objections(event: DecideApprovalInput, approve: ApproveShape) -> list[Reason]:
    """What the declared policy has against an automatic approval; then a person decides."""
    policy = approve["policy"]
    return [
        *_too_large(event["bytes"] / MIB, policy["most_mb"]),
        *_too_old(event["now"], event["accepted_at"], policy["most_days"]),
        *_too_few_rows(event["rows"], policy["least_holdout_rows"]),
        *_untrusted(event["spec"].get("published_by", "unknown"), policy["published_by"]),
    ]


def _too_large(size: float, limit: float | None) -> Iterator[Reason]:
    if limit is not None and size > limit:
        yield Reason("TooLarge", f"the model has {size:.1f} MB, the policy allows {limit:g}", round(size, 3), limit)


def _too_old(now: str, accepted_at: str | None, limit: float | None) -> Iterator[Reason]:
    days = (datetime.fromisoformat(now) - datetime.fromisoformat(accepted_at)).total_seconds() / DAY_SECONDS if accepted_at else None
    if limit is not None and (days is None or days > limit):
        age = "nobody knows when its dataset was accepted" if days is None else f"its dataset was accepted {days:.1f} days ago"
        yield Reason("NotFresh", f"{age}, the policy allows {limit:g} days", days and round(days, 3), limit)


def _too_few_rows(rows: int, limit: int) -> Iterator[Reason]:
    if rows < limit:
        yield Reason("TooFewRows", f"it was evaluated on {rows} rows, the policy asks at least {limit}", rows, limit)


def _untrusted(publisher: str, trusted: Sequence[str]) -> Iterator[Reason]:
    if trusted and not any(fnmatchcase(publisher, pattern) for pattern in trusted):
        yield Reason("NotTrusted", f"its code was published by {publisher}, the policy trusts {', '.join(trusted)}", publisher, trusted)


def objection_to_approver(approve: ApproveShape, publisher: str, approver: str | None) -> Reason | None:
    """Why an approval by a person does not count.

    Args:
        publisher: ARN of who published the code.
        approver: ARN of who changed the version's status, as the registry has it; nothing where it has none.
    """
    if approve["mode"] != "manual" or approver is None:
        return None
    if approve["approvers"] and not any(fnmatchcase(approver, pattern) for pattern in approve["approvers"]):
        text = f"{approver} approved it, and approve.approvers are {', '.join(approve['approvers'])}"
        return Reason("NotAnApprover", text, approver, approve["approvers"])
    if approve["two_person"] and approver == publisher:
        return Reason("SamePerson", f"{approver} published and approved it: approve.two_person asks for a second person", approver, publisher)
    return None
