"""Who approves a version: what the policy asks, how a person is asked, and whose approval counts."""

import pytest

from noria.release.decide_approval import decide_approval
from noria.release.policy import objection_to_approver as objection
from tests.samples import sample


def decided(policy=None, approve=None, spec=None, **changed):
    event = {**sample("functions/release/decide_approval.json"), **changed}
    event["spec"]["approve"] |= approve or {}
    event["spec"]["approve"]["policy"] |= policy or {}
    event["spec"] |= spec or {}
    return decide_approval(event)


MIB = 1024 * 1024
ACCEPTED, NOW = "2026-11-20T12:00:00.000Z", "2026-11-22T12:00:00.000Z"


@pytest.mark.parametrize(
    ("policy", "changed", "code"),
    [
        ({"most_mb": 2}, {"bytes": 2 * MIB}, None),
        ({"most_mb": 2}, {"bytes": 2 * MIB + 1}, "TooLarge"),
        ({"most_mb": None}, {"bytes": 10**12}, None),
        ({"most_days": 2}, {"accepted_at": ACCEPTED, "now": NOW}, None),
        ({"most_days": 1.9}, {"accepted_at": ACCEPTED, "now": NOW}, "NotFresh"),
        ({"most_days": 1.9}, {"accepted_at": None, "now": NOW}, "NotFresh"),
        ({"most_days": None}, {"accepted_at": None, "now": NOW}, None),
        ({"least_holdout_rows": 100}, {"rows": 100}, None),
        ({"least_holdout_rows": 101}, {"rows": 100}, "TooFewRows"),
        ({"published_by": ["arn:aws:iam::1:user/*"]}, {"spec": {"published_by": "arn:aws:iam::1:user/ann"}}, None),
        ({"published_by": ["arn:aws:iam::1:user/*"]}, {"spec": {"published_by": "arn:aws:iam::2:user/ann"}}, "NotTrusted"),
        ({"published_by": ["a", "b"]}, {"spec": {"published_by": "b"}}, None),
    ],
)
def test_a_version_that_passes_the_policy_is_approved_and_of_any_other_a_person_is_asked(policy, changed, code):
    answer = decided(policy, **changed)
    reasons = answer["verdict"]["reasons"]
    if code is None:
        assert (answer["outcome"], answer["notice"], answer["expiry"], answer["expires_seconds"]) == ("approved", None, None, 1)
        assert [reason["code"] for reason in reasons] == ["PolicyPassed"]
        assert answer["request"]["ModelApprovalStatus"] == "Approved"
        assert answer["request"]["CustomerMetadataProperties"] == {"approved_by": "noria:automatic"}
    else:
        assert (answer["outcome"], answer["request"]) == ("pending", None)
        assert [reason["code"] for reason in reasons] == [code]


def test_what_the_policy_asks_is_told_with_what_was_found():
    reasons = decided({"most_mb": 2, "most_days": 1.5, "least_holdout_rows": 10**6}, bytes=3 * MIB, accepted_at=ACCEPTED, now=NOW)["verdict"]["reasons"]
    rows = sample("functions/release/decide_approval.json")["rows"]
    assert [(reason["observed"], reason["limit"]) for reason in reasons] == [(3.0, 2), (2.0, 1.5), (rows, 10**6)]
    assert "the model has 3.0 MB, the policy allows 2" in reasons[0]["text"]
    assert "its dataset was accepted 2.0 days ago, the policy allows 1.5 days" in reasons[1]["text"]
    unknown = decided({"most_days": 1}, accepted_at=None)["verdict"]["reasons"][0]
    assert (unknown["observed"], "nobody knows when" in unknown["text"]) == (None, True)


def request(**approve):
    return decided(approve={"mode": "manual", **approve})


@pytest.mark.parametrize(("hours", "seconds"), [(168, 604_800), (0.5, 1_800), (0.0001, 1)])
def test_a_person_has_the_specs_hours_and_then_the_version_is_rejected(hours, seconds):
    answer = request(expires_hours=hours)
    assert (answer["outcome"], answer["expires_seconds"]) == ("pending", seconds)
    assert answer["expiry"]["ModelApprovalStatus"] == "Rejected"
    assert f"within {hours:g} hours" in answer["expiry"]["ApprovalDescription"]
    assert f"without an answer it is rejected in {hours:g} hours" in answer["notice"]["Message"]


def test_approvers_are_told_what_the_version_scored_and_how_to_answer():
    data = {"metrics": {"accuracy": 0.9, "f1": 0.80001}, "champion_metrics": {"accuracy": 0.85}, "rows": 77}
    notice = decided(approve={"mode": "manual"}, **data)["notice"]
    assert "on 77 rows it has never seen: accuracy 0.9000, f1 0.8000" in notice["Message"]
    assert "the version that serves, on the same rows: accuracy 0.8500" in notice["Message"]
    assert "why it asks: approve.mode is manual" in notice["Message"]
    number = sample("functions/release/decide_approval.json")["package"].rsplit("/", 1)[1]
    assert f"noria approve bikeshare/{number} --comment why" in notice["Message"]
    assert notice["Subject"] == f"bikeshare: version {number} asks for approval"
    assert "the version that serves" not in decided(approve={"mode": "manual"}, **{**data, "champion_metrics": None})["notice"]["Message"]


def test_a_subject_is_no_longer_than_sns_takes():
    assert len(decided(approve={"mode": "manual"}, model="m" * 200)["notice"]["Subject"]) == 100


ANN, BOB = "arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/bob"


@pytest.mark.parametrize(
    ("approve", "approver", "code"),
    [
        ({"mode": "manual"}, ANN, None),
        ({"mode": "manual", "approvers": [ANN]}, ANN, None),
        ({"mode": "manual", "approvers": [BOB, "*/ann"]}, ANN, None),
        ({"mode": "manual", "approvers": [BOB]}, ANN, "NotAnApprover"),
        ({"mode": "manual", "approvers": [BOB]}, None, None),
        ({"mode": "automatic", "approvers": [BOB]}, ANN, None),
        ({"mode": "manual", "two_person": True}, BOB, "SamePerson"),
        ({"mode": "manual", "two_person": True}, ANN, None),
        ({"mode": "manual", "two_person": False}, BOB, None),
    ],
)
def test_whose_approval_counts(approve, approver, code):
    result = objection({"approvers": [], "two_person": False, **approve}, BOB, approver)
    assert (result and result.code) == code
    if code:
        assert result.observed == approver
        assert result.limit == (approve.get("approvers") or BOB)
