"""An execution that failed half-way is started again, and goes on under the claim of the one that failed."""

import json

import pytest

from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import failed, registered, request, upload
from tests.workflow.running import MACHINES, Failure
from tests.workflow.world import sample

CLAIMS = {
    "ingest": ("Claim upload", upload),
    "train": ("Claim run", request),
    "approve": ("Claim approval", registered),
    "heal": ("Claim cause", lambda: sample("monitoring/QualityDegraded.v1.json")),
}


@pytest.mark.parametrize(("restarts", "seconds"), [(0, 60), (1, 600)])
def test_a_failed_execution_is_started_again_after_a_while_with_its_input(world: WorldMaker, restarts, seconds):
    event = failed(restarts=restarts) if restarts else failed()
    execution = world().play("restart", event)
    (started,) = execution.requests("Start execution")
    detail = event["detail"]
    assert execution.waits == [seconds]
    assert started["StateMachineArn"] == detail["stateMachineArn"]
    assert started["Name"] == f"{detail['name']}-restart-{restarts + 1}"
    assert started["Input"] == {**json.loads(detail["input"]), "restart_of": detail["executionArn"], "restarts": restarts + 1}


def test_the_third_failure_is_left_to_a_person(world: WorldMaker):
    execution = world().play("restart", failed(restarts=2))
    assert (execution.output, execution.calls) == ({"outcome": "given_up"}, [])


def test_a_name_stays_within_what_step_functions_takes(world: WorldMaker):
    event = failed()
    event["detail"]["name"] = "n" * 80
    (started,) = world().play("restart", event).requests("Start execution")
    assert len(started["Name"]) <= 80


@pytest.mark.parametrize("machine", CLAIMS)
def test_a_restart_goes_on_under_the_claim_of_the_execution_that_failed_and_no_other(world: WorldMaker, machine):
    state, event = CLAIMS[machine]
    services = world(champion="m")
    (first,) = services.play(machine, event()).requests(state)
    (again,) = services.play(machine, {**event(), "restart_of": "the failed one", "restarts": 1}).requests(state)
    owner = "claim_owner" if machine == "train" else "#owner"
    assert f"{owner} IN (:me, :before)" in again["ConditionExpression"]
    assert again["ExpressionAttributeValues"][":before"] == {"S": "the failed one"}
    assert first["ExpressionAttributeValues"][":before"] == first["ExpressionAttributeValues"][":me"]


def test_an_ingestion_that_could_not_announce_its_dataset_announces_it_when_it_is_started_again(world: WorldMaker):
    services = world(faults={"ingest: Announce": [Failure("EventBridge.AccessDeniedException")]})
    broken = services.play("ingest", upload())
    assert (broken.status, broken.states[-1]) == ("FAILED", "Announce")
    whole = services.play("ingest", {**upload(), "restart_of": "the failed one", "restarts": 1})
    (entry,) = whole.requests("Announce")[0]["Entries"]
    assert whole.requests("Record dataset")[0]["ConditionExpression"].startswith("attribute_not_exists(claims)")
    assert entry["Detail"]["metadata"]["id"] == broken.requests("Announce")[0]["Entries"][0]["Detail"]["metadata"]["id"], "one event, however often"


def test_every_machine_that_claims_an_event_and_that_nothing_else_recovers_is_started_again():
    rules = {name for name, machine in MACHINES.items() if ":before" in json.dumps(machine)}
    assert rules == set(CLAIMS)
