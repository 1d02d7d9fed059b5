"""Who approves a version: the policy, or a person."""

import pytest

from noria.release.decide_approval import decide_approval
from tests.samples import sample


def decided(policy=None, approve=None, **differences):
    event = {**sample("functions/release/decide_approval.json"), **differences}
    event["spec"]["approve"] |= approve or {}
    event["spec"]["approve"]["policy"] |= policy or {}
    return decide_approval(event)


def test_approval_is_automatic_or_left_to_a_person():
    event = sample("functions/release/decide_approval.json")
    assert decide_approval(event)["request"]["ModelApprovalStatus"] == "Approved"
    event["spec"]["approve"]["mode"] = "manual"
    assert decide_approval(event)["request"] is None


def test_an_automatic_approval_says_in_the_registry_who_approved_and_why():
    request = decided()["request"]
    assert request["CustomerMetadataProperties"] == {"approved_by": "noria:automatic"}
    assert "every gate of its evaluation and the whole policy were passed" in request["ApprovalDescription"]
    assert "(spec 7af65b23fb0d, run a4e33cbea049)" in request["ApprovalDescription"]
    assert (decided()["outcome"], decided()["notice"], decided()["expiry"], decided()["expires_seconds"]) == ("approved", None, None, 1)


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("policy", "differences", "code"),
    [
        ({"most_mb": 2}, {"bytes": 2 * MIB + 1}, "TooLarge"),
        ({"most_days": 3}, {"accepted_at": "2026-11-20T08:00:00.000Z", "now": "2026-11-23T08:00:01.000Z"}, "NotFresh"),
        ({"most_days": 3}, {"accepted_at": None}, "NotFresh"),
        ({"least_holdout_rows": 11}, {"rows": 10}, "TooFewRows"),
        ({"published_by": ["arn:aws:iam::123456789012:user/ops*"]}, {}, "NotTrusted"),
    ],
)
def test_what_the_policy_objects_to_is_left_to_a_person(policy, differences, code):
    report = decided(policy, **differences)
    assert (report["outcome"], [reason["code"] for reason in report["verdict"]["reasons"]]) == ("pending", [code])


@pytest.mark.parametrize(
    ("policy", "differences"),
    [
        ({"most_mb": 2}, {"bytes": 2 * MIB}),
        ({"most_days": 3}, {"accepted_at": "2026-11-20T08:00:00.000Z", "now": "2026-11-23T08:00:00.000Z"}),
        ({}, {"accepted_at": None, "bytes": 10**12}),
        ({"least_holdout_rows": 10}, {"rows": 10}),
        ({"published_by": ["arn:aws:iam::123456789012:user/model*"]}, {}),
    ],
)
def test_a_version_within_every_limit_is_approved(policy, differences):
    assert decided(policy, **differences)["outcome"] == "approved"


def test_every_objection_is_a_reason_with_what_was_observed_and_its_limit():
    report = decided({"most_mb": 0.5, "least_holdout_rows": 10**6}, bytes=3 * MIB // 2, rows=7)
    large, few = report["verdict"]["reasons"]
    (old,) = decided({"most_days": 1}, accepted_at="2026-11-22T08:00:00.000Z", now="2026-11-23T20:00:00.500Z")["verdict"]["reasons"]
    assert (old["observed"], old["limit"], "1.5 days ago" in old["text"]) == (1.5, 1, True)
    assert (large["observed"], large["limit"], few["observed"], few["limit"]) == (1.5, 0.5, 7, 10**6)


def test_the_approvers_read_the_evaluation_why_they_are_asked_and_how_to_answer():
    report = decided(approve={"mode": "manual", "expires_hours": 36}, metrics={"accuracy": 0.9}, champion_metrics={"accuracy": 0.85}, rows=40)
    message = report["notice"]["Message"].splitlines()
    assert "on 40 rows it has never seen: accuracy 0.9000" in message
    assert "the version that serves, on the same rows: accuracy 0.8500" in message
    assert "why it asks: approve.mode is manual" in message
    assert "answer in the model registry with any tool, or: noria approve bikeshare/2 --comment why" in message
    assert message[-1] == "without an answer it is rejected in 36 hours"
    assert report["notice"]["Subject"] == "bikeshare: version 2 asks for approval"


def test_without_a_champion_the_message_compares_nothing():
    assert "the version that serves" not in decided(approve={"mode": "manual"}, champion_metrics=None)["notice"]["Message"]


@pytest.mark.parametrize(("hours", "seconds"), [(36, 129_600), (0.0001, 1)])
def test_a_version_that_nobody_answers_is_rejected_when_the_time_is_up(hours, seconds):
    report = decided(approve={"mode": "manual", "expires_hours": hours})
    assert (report["expires_seconds"], report["expiry"]["ModelApprovalStatus"]) == (seconds, "Rejected")
    assert report["expiry"]["ApprovalDescription"] == f"noria: nobody answered within {hours:g} hours (approve.expires_hours)"


def test_a_subject_is_cut_to_what_sns_takes():
    assert len(decided(approve={"mode": "manual"}, model="m" * 100)["notice"]["Subject"]) == 100
