"""From an approved version to the endpoint that serves it, with the machines that it starts."""

import json

import pytest

from tests.samples import sample
from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import EXISTS, SERVING, WAITER, approved, scaling, started
from tests.workflow.running import Execution, Failure
from tests.workflow.services import PACKAGE
from tests.workflow.world import TRUTH

MOST_LOOKS = 18


def announced(played: Execution) -> dict:
    (entry,) = played.requests("Announce")[0]["Entries"]
    return entry


def recorded(played: Execution) -> list[str]:
    """Sort keys of what the transaction puts."""
    return [item["Put"]["Item"]["sk"]["S"] for item in played.requests("Record release")[0]["TransactItems"] if "Put" in item]


def test_the_first_approved_version_is_verified_then_gets_a_new_endpoint_and_is_the_champion(world: WorldMaker):
    services = world()
    played = services.play("rollout", approved())
    release = played.output["release"]
    assert (played.status, played.output["outcome"]) == ("SUCCEEDED", "completed")
    (verified,), (deployed,) = services.executions["smoke_test"], services.executions["deploy"]
    assert verified.requests("Create model")[0]["Containers"] == [{"ModelPackageName": PACKAGE}]
    assert deployed.requests("Create endpoint")[0]["EndpointConfigName"] == f"Stage-bikeshare-{release}"
    assert not deployed.requests("Update endpoint")
    (carried,) = services.executions["release"]
    assert all(carried.requests(state)[0]["Name"].startswith(f"bikeshare-{release}-") for state in ("Smoke test", "Open traffic"))
    assert recorded(played) == [f"RELEASE#{release}", "CHAMPION"]
    assert announced(played)["DetailType"] == "RolloutCompleted"
    # Who, when and why is on record.
    (retained, *_) = [item["Put"]["Item"] for item in played.requests("Record release")[0]["TransactItems"] if "Put" in item]
    assert json.loads(retained["document"]["S"])["approval"] == {
        "by": "arn:aws:iam::123456789012:user/approver",
        "at": str(approved()["detail"]["LastModifiedTime"]),
        "comment": "it is good",
    }


def test_a_later_version_updates_the_endpoint_that_is_there(world: WorldMaker):
    services = world(endpoint=dict(SERVING), settles=("Updating", "InService"))
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "completed"
    (deployed,) = services.executions["deploy"]
    assert deployed.requests("Update endpoint")[0]["EndpointConfigName"] == f"Stage-bikeshare-{played.output['release']}"
    assert not deployed.requests("Create endpoint")


def test_one_approval_told_twice_is_one_release(world: WorldMaker):
    played = world(faults={"rollout: Claim release": [Failure("DynamoDB.ConditionalCheckFailedException")]}).play("rollout", approved())
    assert (played.status, played.output, len(played.calls)) == ("SUCCEEDED", {"outcome": "duplicate"}, 1)


def test_a_version_that_answers_otherwise_than_in_its_evaluation_never_meets_traffic(world: WorldMaker):
    services = world(endpoint=dict(SERVING), smoke=[*TRUTH[:4], "1"])
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"
    assert (services.executions["smoke_test"][0].error, services.executions["deploy"]) == ("SmokeMismatchError", [])
    assert announced(played)["DetailType"] == "RolloutFailed"
    (reason,) = announced(played)["Detail"]["data"]["reasons"]
    assert reason["text"] == "row 5 of the holdout is answered '1', its evaluation had '0'"
    assert recorded(played) == [f"RELEASE#{played.output['release']}"]


def test_an_endpoint_that_silently_went_back_is_announced_as_undone_and_nothing_is_champion(world: WorldMaker):
    played = world(endpoint=dict(SERVING), settles=("Updating", "RollingBack", "InService"), goes_back=True).play("rollout", approved())
    assert played.output["outcome"] == "rolled_back"
    assert announced(played)["DetailType"] == "RolloutUndone"
    assert announced(played)["Detail"]["data"]["reasons"][0]["observed"] == SERVING["EndpointConfigName"]
    assert recorded(played) == [f"RELEASE#{played.output['release']}"]


def test_a_refused_update_is_announced_with_the_words_of_the_refusal(world: WorldMaker):
    refusal = Failure("SageMaker.SageMakerException", "Cannot update in-progress endpoint")
    services = world(endpoint=dict(SERVING), faults={"deploy: Update endpoint": [refusal, ...]})
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"
    assert announced(played)["Detail"]["data"]["reasons"][0]["text"] == "Cannot update in-progress endpoint"


def test_a_release_that_was_refused_because_of_another_one_waits_and_tries_again(world: WorldMaker):
    refusal = Failure("SageMaker.SageMakerException", "Cannot update in-progress endpoint")
    services = world(endpoint=dict(SERVING), faults={"deploy: Update endpoint": [refusal] * 7})
    assert services.play("rollout", approved()).output["outcome"] == "completed"


def test_a_refused_creation_is_announced_with_the_words_of_the_refusal(world: WorldMaker):
    refusal = Failure("SageMaker.AmazonSageMakerException", "ml.m5.large is not supported here")
    played = world(faults={"deploy: Create endpoint": [refusal, ...]}).play("rollout", approved())
    assert played.output["verdict"]["reasons"][0]["text"] == "ml.m5.large is not supported here"


def test_a_release_that_another_one_overtook_was_not_rolled_back(world: WorldMaker):
    services = world(endpoint=dict(SERVING), overtaken="Stage-bikeshare-later")
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"
    assert played.output["verdict"]["reasons"][0]["code"] == "Overtaken"


def test_an_endpoint_that_failed_is_announced_as_such_and_nothing_is_champion(world: WorldMaker):
    played = world(settles=("Creating", "Failed")).play("rollout", approved())
    assert played.output["outcome"] == "failed"
    assert announced(played)["DetailType"] == "RolloutFailed"
    assert announced(played)["Detail"]["data"]["reasons"][0]["code"] == "EndpointNotInService"
    assert recorded(played) == [f"RELEASE#{played.output['release']}"]


def test_a_version_that_noria_did_not_register_is_refused_before_anything_is_made(world: WorldMaker):
    services = world(metadata={"owner": "somebody"})
    played = services.play("rollout", approved())
    assert played.output["verdict"]["reasons"][0]["code"] == "NotRegisteredHere"
    assert not services.executions["deploy"]


@pytest.mark.parametrize(("machine", "state", "after"), [("smoke_test", "Create model", "Exists already?"), ("deploy", "Create configuration", "Configured?")])
def test_what_an_earlier_try_made_counts_as_made(world: WorldMaker, machine: str, state: str, after: str):
    services = world(faults={f"{machine}: {state}": [EXISTS, ...]})
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "completed"
    assert services.executions[machine][0].after(state) == after


def test_a_version_is_verified_by_its_own_holdout(world: WorldMaker):
    played = world().play("smoke_test", started("smoke_test"))
    (check,) = played.requests("Compare predictions")
    (transform,) = played.requests("Predict smoke rows")
    assert check["Payload"]["expected"] == "runs/bikeshare/a4e33cbea049/predictions/candidate/holdout.csv.out"
    assert transform["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"].endswith("/runs/bikeshare/a4e33cbea049/smoke/")
    assert played.output == {"outcome": "equal", "rows": 5}


def test_an_endpoint_that_another_release_is_changing_is_waited_for_before_it_is_changed(world: WorldMaker):
    services = world(endpoint={**SERVING, "EndpointStatus": "Updating"}, settles=("Updating", "Updating", "Updating", "InService"))
    played = services.play("deploy", started("deploy"))
    before = played.states[: played.states.index("Update endpoint")]
    assert before.count("Wait") == 2
    assert played.output["EndpointConfigName"] == started("deploy")["update"]["EndpointConfigName"]


def test_an_endpoint_that_failed_is_made_anew_only_when_it_is_gone(world: WorldMaker):
    played = world(endpoint={**SERVING, "EndpointStatus": "Failed"}).play("deploy", started("deploy"))
    deleted = played.states.index("Delete endpoint")
    assert played.states[deleted : deleted + 6] == ["Delete endpoint", "Describe endpoint", "Settled?", "Wait", "Describe endpoint", "Settled?"]
    assert played.after("Delete endpoint") == "Describe endpoint"
    assert (played.status, played.output["EndpointStatus"]) == ("SUCCEEDED", "InService")


@pytest.mark.parametrize("machine", ["smoke_test", "deploy"])
def test_what_is_refused_for_another_reason_is_not_taken_for_made(world: WorldMaker, machine: str):
    state = "Create model" if machine == "smoke_test" else "Create configuration"
    refusal = Failure("SageMaker.AmazonSageMakerException", "Could not access model data")
    services = world(faults={f"{machine}: {state}": [refusal, ...]})
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"
    assert played.output["verdict"]["reasons"][0]["text"] == "Could not access model data"


def test_a_version_that_answers_only_some_of_its_smoke_rows_never_meets_traffic(world: WorldMaker):
    services = world(endpoint=dict(SERVING), smoke=TRUTH[:3])
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"
    assert "3 answers to 5 smoke rows" in played.output["verdict"]["reasons"][0]["text"]


def test_an_endpoint_that_never_settles_is_looked_at_for_two_hours_and_no_longer(world: WorldMaker):
    played = world(settles=("Creating",)).play("deploy", started("deploy"))
    assert len(played.requests("Wait")) == MOST_LOOKS
    assert (played.status, played.output["EndpointStatus"]) == ("SUCCEEDED", "Creating")


def test_waiting_for_an_endpoint_is_a_token_that_its_own_event_releases(world: WorldMaker):
    (waited, *_) = world().play("deploy", started("deploy")).requests("Wait")
    assert waited["Item"]["pk"] == {"S": "ENDPOINT#noria-bikeshare"}
    services = world(releases=[WAITER])
    resumed = services.play("resume_waiters", sample("aws/endpoint-in-service.json"))
    assert resumed.output == {"outcome": "resumed", "count": 1}
    assert resumed.requests("Load waiters")[0]["ExpressionAttributeValues"][":pk"] == waited["Item"]["pk"]
    assert resumed.requests("Resume")[0]["TaskToken"] == WAITER["token"]["S"]


def test_an_endpoint_whose_event_got_lost_is_looked_at_all_the_same(world: WorldMaker):
    played = world(faults={"deploy: Wait": [Failure("States.Timeout")]}).play("deploy", started("deploy"))
    assert played.output["EndpointStatus"] == "InService"


@pytest.mark.parametrize("status", ["InService", "Failed", "OutOfService", "UpdateRollbackFailed"])
def test_a_settled_endpoint_is_reported_as_it_is(world: WorldMaker, status: str):
    played = world(settles=("Creating", status)).play("deploy", started("deploy"))
    assert (played.status, played.output["EndpointStatus"]) == ("SUCCEEDED", status)
    assert len(played.requests("Wait")) == 2


def test_a_variant_that_scales_ceases_to_before_its_update_and_goes_on_after(world: WorldMaker):
    played = world(endpoint=dict(SERVING), scales=True).play("deploy", scaling())
    order = ["Pause variant", "Update endpoint", "Register variant", "Follow traffic"]
    assert [state for state in played.states if state in order] == ["Pause variant", *order]
    (register,), (follow,) = played.requests("Register variant"), played.requests("Follow traffic")
    assert (register["MinCapacity"], register["MaxCapacity"]) == (1, 4)
    assert follow["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 600


@pytest.mark.parametrize("state", ["Register variant", "Follow traffic"])
def test_what_cannot_scale_serves_all_the_same_and_says_so(world: WorldMaker, state: str):
    refused = Failure("ApplicationAutoScaling.ValidationException", "there is no such variant")
    services = world(endpoint=dict(SERVING), faults={f"deploy: {state}": [refused, ...]})
    services.spec["serve"]["autoscale"] = {"min": 1, "max": 4, "requests": 600, "out_seconds": 60, "in_seconds": 300}
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "completed"
    assert played.output["verdict"]["reasons"][1]["text"] == "serve.autoscale has no effect: there is no such variant"
