"""Champion and challenger side by side: promotion, undoing, and everything that may come between."""

import pytest

from scripts.shapes import Metadata
from tests.samples import sample
from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import CANCELED, SERVING, approved, released, started, trying
from tests.workflow.running import Failure
from tests.workflow.world import World

BEFORE = SERVING["EndpointConfigName"]


def progressive(world: WorldMaker, **differences) -> World:
    return world(endpoint=dict(SERVING), champion="m", **differences)


def deployed(services: World) -> list[str]:
    """Configurations in the order in which the endpoint was brought to them."""
    return [execution.requests("Update endpoint")[0]["EndpointConfigName"] for execution in services.executions["deploy"]]


def test_a_challenger_that_is_no_worse_serves_beside_the_champion_and_then_alone(world: WorldMaker):
    services = progressive(world)
    played = services.play("rollout", approved())
    config = f"Stage-bikeshare-{played.output['release']}"
    assert played.output["outcome"] == "completed"
    assert deployed(services) == [f"{config}-try", config]
    assert services.executions["release"][0].requests("Describe endpoint") == [{"EndpointName": SERVING["EndpointName"]}]
    (pair,) = services.executions["deploy"][0].requests("Create configuration")
    weights = {variant["VariantName"]: (variant["ModelName"], variant["InitialVariantWeight"]) for variant in pair["ProductionVariants"]}
    assert weights == {"main": (BEFORE, 0.9), "challenger": (config, 0.1)}
    assert "no worse" in played.output["verdict"]["reasons"][1]["text"]


def test_a_harmful_challenger_loses_its_traffic_at_once_and_the_champion_serves_alone_again(world: WorldMaker):
    services = progressive(world, challenger_errors=0.2)
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "rolled_back"
    assert services.weights == [0]
    assert deployed(services)[-1] == BEFORE
    (entry,) = played.requests("Announce")[0]["Entries"]
    assert entry["DetailType"] == "RolloutUndone"
    assert entry["Detail"]["data"]["exposed_requests"] == services.traffic
    puts = [item["Put"]["Item"]["sk"]["S"].split("#")[0] for item in played.requests("Record release")[0]["TransactItems"] if "Put" in item]
    assert puts == ["RELEASE"]


def test_shares_rise_step_by_step_and_every_look_sees_the_whole_record(world: WorldMaker):
    services = progressive(world, traffic=1500.0)
    services.endpoint = trying()
    played = services.play("observe", started("observe"))
    assert services.weights[0] == 0.25
    starts = {request["StartTime"] for request in played.requests("Read counters")}
    assert len(starts) == 1


def test_whatever_fails_while_both_serve_the_champion_gets_its_traffic_back(world: WorldMaker):
    services = progressive(world, faults={"observe: Read counters": [Failure("CloudWatch.ValidationError", "no such statistic"), ...]})
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"
    assert played.output["verdict"]["reasons"][0]["text"] == "no such statistic"
    assert deployed(services)[-1] == BEFORE


def test_an_endpoint_that_was_changed_by_hand_is_never_overwritten(world: WorldMaker):
    services = world(endpoint={**SERVING, "EndpointConfigName": "by-hand"}, champion="m", held=BEFORE)
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "by_hand"
    assert played.output["verdict"]["reasons"][0]["code"] == "ChangedByHand"
    assert not services.executions["deploy"]


def test_one_that_is_changed_by_hand_while_both_serve_is_left_as_it_is(world: WorldMaker):
    services = progressive(world, by_hand=True)
    played = services.play("rollout", approved())
    assert played.output["verdict"]["reasons"][0]["code"] == "ChangedByHand"
    assert len(services.executions["deploy"]) == 1


def test_what_an_interrupted_release_left_is_cleaned_up_by_the_next_one(world: WorldMaker):
    left = {**SERVING, "EndpointConfigName": "Stage-bikeshare-0123456789ab-try"}
    services = world(endpoint=left, champion="m", held="Stage-bikeshare-000000000001")
    assert services.play("rollout", approved()).output["outcome"] == "completed"


def test_an_approval_that_is_older_than_the_champions_is_superseded(world: WorldMaker):
    played = progressive(world).play("release", {**released(), "approved_at": "-1"})
    assert played.output["plan"]["verdict"]["reasons"][0]["code"] == "Superseded"


def test_an_old_version_that_is_approved_while_a_newer_one_serves_asks_again(world: WorldMaker):
    event = released()
    event["package"] = event["package"].replace("/2", "/0")
    refused = progressive(world).play("release", event)
    assert refused.output["plan"]["verdict"]["reasons"][0]["code"] == "OlderVersion"
    event["metadata"]["over"] = event["package"].replace("/0", "/1")
    assert progressive(world).play("release", event).output["plan"]["outcome"] == "planned"


def test_a_version_that_was_rejected_while_it_waited_is_not_released(world: WorldMaker):
    services = progressive(world, approval="Rejected", faults={"acquire_lock: Take lock": [CANCELED]})
    played = services.play("rollout", approved())
    assert played.output["verdict"]["reasons"][0]["code"] == "NotApproved"
    assert not services.executions["deploy"]


def test_an_opening_that_failed_after_it_was_accepted_is_taken_back(world: WorldMaker):
    services = progressive(world, faults={"release: Open traffic": [Failure("States.TaskFailed", "the look at it failed")]})
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"
    (settled,) = services.executions["release"][0].requests("Settle traffic")
    assert settled["Input"]["update"]["EndpointConfigName"] == BEFORE


def test_one_whose_undoing_fails_is_not_told_as_undone(world: WorldMaker):
    services = progressive(world, challenger_errors=0.2, faults={"release: Settle traffic": [Failure("States.TaskFailed", "no capacity")]})
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "failed"


@pytest.mark.parametrize(("busy", "asks"), [("wait", "wait_request"), ("supersede", "stop_request")])
def test_a_second_release_of_a_model_waits_for_its_turn_and_asks_for_it_as_its_spec_says(world: WorldMaker, busy: str, asks: str):
    services = progressive(world, faults={"acquire_lock: Take lock": [CANCELED] * 2})
    assert services.spec
    services.spec["rollout"]["busy"] = busy
    played = services.play("rollout", approved())
    waited, _ = services.executions["await_release"]
    assert f"SET {asks} = :request" in waited.requests("Request end")[0]["UpdateExpression"]
    assert waited.requests("Wait for lock")
    assert played.output["outcome"] == "completed"


def test_a_release_that_a_newer_one_supersedes_gives_its_traffic_back(world: WorldMaker):
    services = progressive(world, stop_request="supersede", traffic=100.0)
    played = services.play("rollout", approved())
    assert played.output["verdict"]["reasons"][0]["code"] == "Superseded"
    assert (services.weights, deployed(services)[-1]) == ([0], BEFORE)


@pytest.mark.parametrize("strategy", ["shadow", "ab"])
def test_other_ways_of_serving_both_end_like_the_progressive_one(world: WorldMaker, strategy: str):
    services = progressive(world)
    assert services.spec
    services.spec["rollout"]["strategy"] = strategy
    assert services.play("rollout", approved()).output["outcome"] == "completed"
    (pair,) = services.executions["deploy"][0].requests("Create configuration")
    assert ("ShadowProductionVariants" in pair) == (strategy == "shadow")


@pytest.mark.parametrize("strategy", ["canary", "linear", "rolling"])
def test_sagemakers_guardrails_go_back_by_the_alarm_on_what_serves(world: WorldMaker, strategy: str):
    services = progressive(world)
    assert services.spec
    services.spec["rollout"]["strategy"] = strategy
    assert services.play("rollout", approved()).output["outcome"] == "completed"
    assert not services.executions["observe"]
    (update,) = services.executions["deploy"][0].requests("Update endpoint")
    alarms = ["Stage/bikeshare/errors", "Stage-stop/bikeshare"]
    assert update["DeploymentConfig"]["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": name} for name in alarms]}


def test_an_approved_version_waits_out_a_freeze_and_is_released_then(world: WorldMaker):
    services = progressive(world, freezes=1)
    assert services.play("rollout", approved()).output["outcome"] == "completed"
    (turn,) = services.executions["acquire_lock"]
    assert turn.waits == [7200]
    (report,), (began,) = turn.requests("Announce delay"), turn.requests("Announce start")
    assert [entry["Entries"][0]["DetailType"] for entry in (report, began)] == ["RolloutDeferred", "RolloutStarted"]


def test_a_release_is_on_record_from_the_moment_that_it_holds_its_model(world: WorldMaker):
    services = progressive(world)
    played = services.play("rollout", approved())
    lock, noted = services.executions["acquire_lock"][0].requests("Take lock")[0]["TransactItems"]
    assert lock["Update"]["ExpressionAttributeValues"][":me"]["S"].endswith(played.name)
    assert (noted["Put"]["Item"]["sk"]["S"], noted["Put"]["Item"]["status"]["S"]) == (f"RELEASE#{played.output['release']}", "running")


def test_a_challenger_that_answers_nonsense_with_status_200_is_undone(world: WorldMaker):
    services = progressive(world, nonsense="nan")
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "rolled_back"
    assert any("broken answers: 100.00%" in reason["text"] for reason in played.output["verdict"]["reasons"])


def test_a_model_whose_release_was_interrupted_is_freed_and_its_champion_asked_for(world: WorldMaker):
    played = world().play("recover", sample("aws/execution-aborted.json"))
    (free,), (asked_for,) = played.requests("Free lock"), played.requests("Request rollback")
    assert free["Key"]["pk"] == {"S": "MODEL#bikeshare"}
    assert free["ExpressionAttributeValues"][":holder"]["S"].endswith("844e2571-85d4-695f-b930-0153b71dcb42")
    (entry,) = asked_for["Entries"]
    assert (entry["DetailType"], entry["Detail"]["data"]["by"]) == ("RollbackRequested", "noria")
    assert Metadata.model_validate(entry["Detail"]["metadata"]).model == "bikeshare"


def test_a_release_whose_machine_did_not_report_is_told_and_the_champion_asked_for(world: WorldMaker):
    services = progressive(world, faults={"rollout: Release version": [Failure("States.TaskFailed", "the release was aborted")]})
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "unfinished"
    report, asked_for = played.requests("Announce")[0]["Entries"]
    assert (report["DetailType"], asked_for["DetailType"]) == ("RolloutFailed", "RollbackRequested")
    assert asked_for["Detail"]["data"]["by"] == "noria"


def test_what_goes_back_scales_as_the_champion_did(world: WorldMaker):
    services = progressive(world, challenger_errors=0.2, scaled={"min": 2, "max": 8, "requests": 900, "out_seconds": 60, "in_seconds": 300})
    services.play("rollout", approved())
    registered = [execution.requests("Register variant")[-1]["MaxCapacity"] for execution in services.executions["deploy"]]
    assert registered == [8, 8]


def test_captured_answers_that_cannot_be_read_end_no_release(world: WorldMaker):
    services = progressive(world, faults={"observe: Count captured": [Failure("TransientError", "S3 is busy"), ...]})
    assert services.play("rollout", approved()).output["outcome"] == "completed"


def test_where_captured_answers_are_all_that_is_watched_they_decide(world: WorldMaker):
    services = progressive(world)
    services.spec["rollout"]["guard"]["errors"] = None
    assert services.play("rollout", approved()).output["outcome"] == "completed"
