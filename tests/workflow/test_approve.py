"""From a registered version to its approval."""

import pytest

from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import manual, registered
from tests.workflow.running import Failure
from tests.workflow.world import PACKAGE


def test_a_version_whose_spec_approves_automatically_is_approved_in_the_registry(world: WorldMaker):
    played = world().play("approve", registered())
    (request,) = played.requests("Approve version")
    assert (request["ModelPackageArn"], request["ModelApprovalStatus"]) == (PACKAGE, "Approved")
    assert request["CustomerMetadataProperties"] == {"approved_by": "noria:automatic"}
    assert (played.output["outcome"], played.output["request"]) == ("approved", request)
    assert played.requests("Load spec")[0]["Key"]["sk"]["S"] == f"SPEC#{registered()['detail']['data']['spec']}"


def test_a_version_whose_spec_asks_a_person_is_left_as_it_is(world: WorldMaker):
    played = world(spec=manual()).play("approve", registered())
    assert played.states[-1] == "Left to a person"
    assert not played.requests("Approve version")
    assert (played.output["outcome"], played.output["request"]) == ("pending", None)


def test_a_second_telling_of_the_same_registration_ends_as_a_duplicate(world: WorldMaker):
    played = world(faults={"approve: Claim approval": [Failure("DynamoDB.ConditionalCheckFailedException")]}).play("approve", registered())
    assert (played.status, played.output, len(played.calls)) == ("SUCCEEDED", {"outcome": "duplicate"}, 1)


@pytest.mark.parametrize("answer", [{}, {"Item": {}}])
def test_a_version_whose_spec_the_ledger_lacks_is_not_approved(world: WorldMaker, answer: dict):
    played = world(faults={"approve: Load spec": [answer]}).play("approve", registered())
    assert (played.status, played.error) == ("FAILED", "Noria.QueryEvaluationError")
    assert not played.requests("Approve version")
