"""From a registered version to its approval."""

import pytest

from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import approved, manual, registered
from tests.workflow.running import Failure
from tests.workflow.services import PACKAGE


def test_a_version_whose_spec_approves_automatically_is_approved_in_the_registry(world: WorldMaker):
    played = world().play("approve", registered())
    (request,) = played.requests("Approve version")
    assert (request["ModelPackageArn"], request["ModelApprovalStatus"]) == (PACKAGE, "Approved")
    assert request["CustomerMetadataProperties"] == {"approved_by": "noria:automatic"}
    assert (played.output["outcome"], played.output["request"]) == ("approved", request)
    assert played.requests("Load spec")[0]["Key"]["sk"]["S"] == f"SPEC#{registered()['detail']['data']['spec']}"


def test_a_version_whose_spec_asks_a_person_waits_until_the_registry_has_an_answer(world: WorldMaker):
    played = world(spec=manual()).play("approve", registered())
    assert not played.requests("Approve version")
    (notice,) = played.requests("Notify approvers")
    assert "noria approve bikeshare/2" in notice["Message"]
    assert "accuracy 0.9252" in notice["Message"]
    (retained,) = played.requests("Await approval")
    assert retained["Item"]["sk"]["S"] == f"APPROVAL#{registered()['detail']['data']['run']}"
    assert played.output["outcome"] == "approved"


def test_a_version_that_nobody_answers_ends_as_rejected(world: WorldMaker):
    played = world(spec=manual(), faults={"approve: Await approval": [Failure("States.Timeout")]}).play("approve", registered())
    (request,) = played.requests("Expire version")
    assert (request["ModelApprovalStatus"], played.output["outcome"]) == ("Rejected", "expired")
    assert "nobody answered within 168 hours" in request["ApprovalDescription"]


def test_what_the_policy_objects_to_is_asked_of_a_person(world: WorldMaker):
    spec = manual()
    spec["approve"] |= {"mode": "automatic", "policy": {**spec["approve"]["policy"], "most_mb": 0.1, "most_days": 7, "published_by": ["*:user/ops"]}}
    played = world(spec=spec).play("approve", registered())
    (notice,) = played.requests("Notify approvers")
    assert "the model has 0.2 MB, the policy allows 0.1" in notice["Message"]
    assert "its dataset was accepted" in notice["Message"]
    assert "days ago, the policy allows 7 days" in notice["Message"]
    assert "published by arn:aws:iam::123456789012:user/modeller" in notice["Message"]


def test_an_answer_in_the_registry_releases_who_waits_and_a_late_one_nobody(world: WorldMaker):
    played = world().play("approval_callback", approved())
    (sent,) = played.requests("Resume approval")
    assert '"outcome":"approved"' in sent["Output"]
    assert played.requests("Forget waiter")
    nobody = world(waiting=False).play("approval_callback", approved())
    assert (nobody.output, len(nobody.waits)) == ({"outcome": "nobody waits"}, 19)
    late = world(faults={"approval_callback: Resume approval": [Failure("Sfn.TaskTimedOutException", "Task Timed Out")]}).play("approval_callback", approved())
    assert late.status == "SUCCEEDED"


def test_a_second_telling_of_the_same_registration_ends_as_a_duplicate(world: WorldMaker):
    played = world(faults={"approve: Claim approval": [Failure("DynamoDB.ConditionalCheckFailedException")]}).play("approve", registered())
    assert (played.status, played.output, len(played.calls)) == ("SUCCEEDED", {"outcome": "duplicate"}, 1)


@pytest.mark.parametrize("answer", [{}, {"Item": {}}])
def test_a_version_whose_spec_the_ledger_lacks_is_not_approved(world: WorldMaker, answer: dict):
    played = world(faults={"approve: Load spec": [answer]}).play("approve", registered())
    assert (played.status, played.error) == ("FAILED", "States.QueryEvaluationError")
    assert not played.requests("Approve version")
