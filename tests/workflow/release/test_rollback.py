"""The way back: what a rollback asks of a release under way, and that each ends on record."""

import pytest

from noria.release.stop import stop_alarm
from tests.samples import sample
from tests.workflow.conftest import WorldMaker
from tests.workflow.routes import BUSY, SERVING, approved, awaited, opened, under_way
from tests.workflow.running import Execution, Failure
from tests.workflow.services import PACKAGE
from tests.workflow.world import World

BEFORE = SERVING["EndpointConfigName"]
ALARM_ON, ALARM_OFF = (stop_alarm("noria", "bikeshare", on) for on in (True, False))


def requested() -> dict:
    return sample("release/RollbackRequested.v1.json")


def recorded(played: Execution) -> dict:
    """The rollback's own item in the ledger."""
    (request,) = played.requests("Record rollback")
    return request["TransactItems"][0]["Put"]["Item"]


def undone_and_followed() -> list[dict]:
    """The ledger's items once the release under way has undone itself, and the version that waited holds the lock."""
    items = sample("functions/release/plan_rollback.json")["items"]
    undone = {**items[1], "sk": {"S": "RELEASE#3"}, "release": {"S": "3"}, "package": {"S": PACKAGE.replace("/2", "/3")}}
    undone |= {"status": {"S": "rolled_back"}, "time": {"S": "2999-01-01T00:00:00.000Z"}}
    (lock, *_) = under_way()
    return [{**lock, "holder": {"S": "the next one"}, "package": {"S": PACKAGE.replace("/2", "/4")}}, *items, undone]


def test_a_rollback_during_a_release_is_on_record_though_the_version_that_waited_holds_the_lock_by_then(world: WorldMaker):
    services = world(endpoint=dict(SERVING), releases=under_way(), waited=undone_and_followed())
    played = services.play("rollback", requested())
    assert (played.status, played.output["outcome"]) == ("SUCCEEDED", "undone")
    assert recorded(played)["status"] == {"S": "undone"}
    # The next one's lock is its own: it is neither asked to end nor freed.
    assert len(services.executions["await_release"]) == 1
    assert [list(item) for item in played.requests("Record rollback")[0]["TransactItems"]] == [["Put"]]


@pytest.mark.parametrize("state", ["Load releases", "Plan rollback", "Await release", "Take lock", "Restore release"])
def test_whatever_fails_a_rollback_ends_on_record_with_the_words_of_the_failure(world: WorldMaker, state: str):
    releases = {"releases": under_way()} if state == "Await release" else {}
    services = world(endpoint=dict(SERVING), faults={f"rollback: {state}": [Failure("States.TaskFailed", "no word from it")]}, **releases)
    played = services.play("rollback", requested())
    assert (played.status, played.output["outcome"]) == ("SUCCEEDED", "rollback_failed")
    assert (recorded(played)["status"], played.output["verdict"]["reasons"][0]["text"]) == ({"S": "rollback_failed"}, "no word from it")
    assert played.requests("Announce")[0]["Entries"][0]["DetailType"] == "RollbackFailed"


def test_somebody_who_asks_for_the_lock_at_the_same_moment_does_not_keep_a_rollback_off_the_record(world: WorldMaker):
    meanwhile = Failure("DynamoDb.TransactionCanceledException", "Transaction cancelled [None, TransactionConflict]")
    services = world(endpoint=dict(SERVING), faults={"rollback: Record rollback": [meanwhile] * 2})
    assert services.play("rollback", requested()).output["outcome"] == "rolled_back"


def marks(services: World) -> list[tuple[str, str]]:
    """What the registry was told: version and status, in their order."""
    (played,) = services.executions["rollback"]
    return [(request["ModelPackageArn"], request["ModelApprovalStatus"]) for request in played.requests("Update version")]


def test_the_version_that_is_left_is_rejected_and_an_approved_one_that_is_restored_is_not_approved_anew(world: WorldMaker):
    services = world(endpoint=dict(SERVING))
    played = services.play("rollback", requested())
    left = sample("functions/release/plan_rollback.json")["items"][1]["package"]["S"]
    assert marks(services) == [(left, "Rejected")]
    assert played.states.index("Mark versions") < played.states.index("Record rollback")


def test_a_rejected_version_that_is_restored_is_approved_again_with_the_reason(world: WorldMaker):
    services = world(endpoint=dict(SERVING), approval="Rejected")
    played = services.play("rollback", requested())
    restored = sample("functions/release/plan_rollback.json")["items"][0]["package"]["S"]
    assert marks(services) == [(restored, "Approved")]
    (request,) = played.requests("Update version")
    assert requested()["detail"]["data"]["reason"] in request["ApprovalDescription"]


def test_a_version_that_cannot_be_marked_is_gone_back_from_all_the_same(world: WorldMaker):
    services = world(endpoint=dict(SERVING), faults={"rollback: Describe version": [Failure("SageMaker.SdkClientException"), ...]})
    assert services.play("rollback", requested()).output["outcome"] == "rolled_back"


def test_a_release_by_guardrails_is_stopped_by_the_alarm_that_its_lock_names_for_good_and_at_once(world: WorldMaker):
    played = world(stop_alarm=ALARM_ON).play("await_release", awaited(stop=True))
    (put,), (state,) = played.requests("Put alarm"), played.requests("Set state")
    assert (put["AlarmName"], put["TreatMissingData"]) == ("noria-stop/bikeshare", "breaching")
    assert (state["AlarmName"], state["StateValue"]) == ("noria-stop/bikeshare", "ALARM")
    order = ["Request end", "Put alarm", "Set state", "Wait for lock"]
    assert [entry for entry in played.states if entry in order] == order


@pytest.mark.parametrize("differences", [{"stop_alarm": None}, {"stop_alarm": ALARM_ON, "faults": {"await_release: Request end": [BUSY]}}])
def test_no_alarm_is_switched_where_the_release_reads_the_request_itself_or_is_another_one_by_now(world: WorldMaker, differences: dict):
    played = world(**differences).play("await_release", awaited(stop=True))
    assert (played.status, played.requests("Put alarm")) == ("SUCCEEDED", [])


def test_who_only_waits_stops_nobody(world: WorldMaker):
    played = world(stop_alarm=ALARM_ON).play("await_release", awaited(stop=False))
    assert (played.requests("Put alarm"), played.output) == ([], {"outcome": "ended"})


def test_the_stop_alarm_is_off_before_the_lock_is_read_and_after_the_endpoint_has_settled(world: WorldMaker):
    played = world(endpoint=dict(SERVING)).play("open_traffic", opened())
    assert played.requests("Put alarm") == [ALARM_OFF["put"]] * 2
    assert played.requests("Set state") == [ALARM_OFF["set"]] * 2
    order = ["Put alarm", "Read lock", "Deploy", "Put alarm", "Read lock"]
    assert [entry for entry in played.states if entry in order] == order


@pytest.mark.parametrize("strategy", ["canary", "progressive", "all_at_once"])
def test_a_release_that_is_asked_to_end_before_it_takes_traffic_takes_none(world: WorldMaker, strategy: str):
    services = world(endpoint=dict(SERVING), champion="m", stop_request="wrong prices", stops_at=1)
    services.spec["rollout"]["strategy"] = strategy
    played = services.play("rollout", approved())
    assert (played.output["outcome"], services.executions["deploy"]) == ("rolled_back", [])
    assert played.output["verdict"]["reasons"][0]["text"] == "a rollback was asked for: wrong prices"


@pytest.mark.parametrize(("request_", "code", "rejected"), [("wrong prices", "RollbackRequested", 1), ("supersede", "Superseded", 0)])
def test_an_update_that_sagemaker_took_back_on_request_says_whose(world: WorldMaker, request_: str, code: str, rejected: int):
    services = world(endpoint=dict(SERVING), champion="m", stop_request=request_, settles=("Updating", "RollingBack", "InService"), goes_back=True)
    services.spec["rollout"]["strategy"] = "canary"
    played = services.play("rollout", approved())
    assert played.output["outcome"] == "rolled_back"
    assert [reason["code"] for reason in played.output["verdict"]["reasons"]] == [code]
    assert len(played.requests("Update version")) == rejected


def test_a_harmful_version_is_rejected_before_the_next_one_s_turn_and_one_that_was_only_undecided_is_not(world: WorldMaker):
    harmful = world(endpoint=dict(SERVING), champion="m", challenger_errors=0.2).play("rollout", approved())
    (request,) = harmful.requests("Update version")
    assert (request["ModelPackageArn"], request["ModelApprovalStatus"], "harm" in request["ApprovalDescription"]) == (PACKAGE, "Rejected", True)
    assert harmful.states.index("Mark version") < harmful.states.index("Record release")
    services = world(endpoint=dict(SERVING), champion="m", traffic=1.0)
    services.spec["rollout"] |= {"undecided": "undo", "minutes": 3}
    undecided = services.play("rollout", approved())
    assert (undecided.output["outcome"], undecided.requests("Update version")) == ("rolled_back", [])


def test_the_champion_that_is_approved_again_serves_already_and_stays_approved(world: WorldMaker):
    services = world(endpoint=dict(SERVING), champion="m")
    event = approved()
    event["detail"]["ModelPackageArn"] = PACKAGE.replace("/2", "/1")
    played = services.play("rollout", event)
    assert (played.output["outcome"], played.output["verdict"]["reasons"][0]["code"]) == ("refused", "ServesAlready")
    assert (services.executions["deploy"], played.requests("Update version")) == ([], [])
