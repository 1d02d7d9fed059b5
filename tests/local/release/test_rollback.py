"""Rollbacks on the deployed stack: by a person, by an alarm, of a release under way, and what is left as it is."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli.base import ledger
from cli.base.session import Session
from cli.data.upload import upload
from cli.history.status import status
from cli.project.publish import publish
from cli.release import approval
from cli.release.releases import rollback
from cli.release.state import release_state
from cli.serving.predict import predict
from tests.local.aws.waiting import until
from tests.local.release.interruptions import Model, takes_traffic
from tests.local.release.traffic import second, served, with_rollout
from tests.local.small_model import LIMIT, data, loop, told_events


def test_a_release_that_has_ended_is_gone_back_from_by_one_command_and_again_by_name(stack, name, tmp_path):
    served(stack, name, tmp_path)
    first = ledger.read(stack, name).champion
    second(stack, name, tmp_path)
    result = rollback(stack, name, None, "wrong prices", LIMIT)
    assert result.status == "rolled_back", result
    assert status(stack, name).champion["serves"] == first["config"]
    assert predict(stack, name, [{"x": 5.5}]).predictions[0].prediction == "1"
    left = f"{first['model_package_arn'][:-1]}2"
    assert until(lambda: stack.sagemaker.describe_model_package(ModelPackageName=left)["ModelApprovalStatus"] == "Rejected")
    assert "wrong prices" in stack.sagemaker.describe_model_package(ModelPackageName=left)["ApprovalDescription"]
    assert until(lambda: "ReleaseRestored" in told_events(stack, name))
    assert rollback(stack, name, None, "further", LIMIT).status == "refused"
    # A person's word brings it back.
    approval.decide(stack, f"{name}/2", approval.APPROVED, "the prices are right now")
    assert until(lambda: ledger.read(stack, name).champion["model_package_arn"] == left, 90)


def test_an_alarm_on_what_serves_brings_the_release_before_back_long_after_the_rollout(stack, name, client, tmp_path):
    served(stack, name, tmp_path)
    first = ledger.read(stack, name).champion
    second(stack, name, tmp_path)
    alarm = f"noria/{name}/errors"
    assert until(lambda: client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"])
    client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="5 of 5 data points breached")
    assert until(lambda: ledger.read(stack, name).champion["config"] == first["config"], 60)
    (rollback,) = ledger.read(stack, name).rollbacks
    assert (rollback["status"], rollback["request"]["by"]) == ("rolled_back", f"alarm {alarm}")


#: Releases that go on for longer than any test: a rollback alone ends them.
LASTING = ["{idle: wait, minutes: 600}", "{strategy: shadow, idle: wait, minutes: 600}"]
LASTING += [f"{{strategy: {strategy}, steps: [0.5], bake_minutes: 60}}" for strategy in ("canary", "linear", "rolling")]


def begun(stack: Session, name: str, tmp_path: Path, rollout: str = LASTING[0]) -> None:
    """A second version that shares the traffic with the first, and goes on doing so."""
    with_rollout(tmp_path, rollout)
    publish(stack, tmp_path / "p")
    upload(stack, name, data(tmp_path, "changed.csv", rows=400, seed=3))
    assert until(lambda: len(release_state(stack, name).variants) == 2, LIMIT)


@pytest.mark.parametrize("rollout", LASTING)
def test_a_rollback_during_a_rollout_undoes_it(stack, name, tmp_path, rollout):
    served(stack, name, tmp_path)
    first = ledger.read(stack, name).champion
    begun(stack, name, tmp_path, rollout)
    assert rollback(stack, name, None, "not today", LIMIT).status == "undone"
    release = until(lambda: next((item for item in ledger.read(stack, name).releases if item["status"] == "rolled_back"), None), 60)
    assert "not today" in release["reasons"][0]["text"]
    assert status(stack, name).champion["serves"] == first["config"]
    assert ledger.read(stack, name).lock is None


def waits_for_its_turn(stack: Session, name: str) -> bool:
    """Whether an execution waits for the lock of a model."""
    values = {":pk": {"S": f"LOCK#{name}"}}
    waiters = stack.dynamodb.query(TableName=stack.outputs["LedgerTable"], KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values)
    return bool(waiters["Items"])


def test_a_rollback_during_a_release_is_on_record_and_the_version_that_waits_has_its_turn(stack, name, tmp_path):
    model = Model.trained(stack, name, tmp_path, LASTING[0])
    model.approve(2)
    until(lambda: takes_traffic(model), 60)
    model.approve(3)
    until(lambda: waits_for_its_turn(stack, name), 60)
    assert rollback(stack, name, None, "not today", LIMIT).status == "undone"
    undone, waiting = (f"{model.record.champion['model_package_arn'][:-1]}{number}" for number in (2, 3))
    assert until(lambda: model.record.lock and model.record.lock["package"] == waiting, 60)
    assert {entry["status"] for entry in model.record.releases if entry["model_package_arn"] == undone} == {"rolled_back"}
    # Its own release ends by a request of its own.
    assert rollback(stack, name, None, "nor this one", LIMIT).status == "undone"
    assert (model.champion(), [entry["status"] for entry in model.record.rollbacks]) == (1, ["undone", "undone"])


def test_a_release_whose_machine_was_aborted_half_way_leaves_the_champion_alone_and_the_model_free(stack, client, name, tmp_path):
    served(stack, name, tmp_path)
    first = ledger.read(stack, name).champion
    begun(stack, name, tmp_path)
    client("stepfunctions").stop_execution(executionArn=ledger.read(stack, name).lock["holder"], error="Aborted", cause="by hand")
    assert until(lambda: ledger.read(stack, name).rollbacks, 60)
    assert status(stack, name).champion["serves"] == first["config"]
    (release,) = [item for item in ledger.read(stack, name).releases if item["config"] != first["config"]]
    assert (release["status"], ledger.read(stack, name).lock) == ("rolled_back", None)
    # The next start finds nothing in its way.
    with_rollout(tmp_path, "{strategy: all_at_once}")
    publish(stack, tmp_path / "p")
    assert loop(stack, name, data(tmp_path, "again.csv", rows=450, seed=3))[-1].verdict == "completed"


def test_two_rollbacks_at_once_are_one(stack, name, tmp_path):
    served(stack, name, tmp_path)
    first = ledger.read(stack, name).champion
    second(stack, name, tmp_path)
    with ThreadPoolExecutor(2) as pool:
        requests = [pool.submit(rollback, stack, name, None, "wrong prices", LIMIT) for _ in range(2)]
    assert sorted(item.result().status for item in requests) in (["refused", "rolled_back"], ["rolled_back", "undone"])
    assert status(stack, name).champion["serves"] == first["config"]


def test_an_endpoint_that_was_changed_by_hand_is_left_as_it_is(stack, name, tmp_path):
    served(stack, name, tmp_path)
    config = stack.sagemaker.describe_endpoint_config(EndpointConfigName=ledger.read(stack, name).champion["config"])
    stack.sagemaker.create_endpoint_config(EndpointConfigName=f"{name}-by-hand", ProductionVariants=config["ProductionVariants"])
    stack.sagemaker.update_endpoint(EndpointName=f"noria-{name}", EndpointConfigName=f"{name}-by-hand")
    stack.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=f"noria-{name}", WaiterConfig={"Delay": 1})
    release = second(stack, name, tmp_path)
    assert (release.verdict, "changed it by hand" in release.reasons[0]) == ("by_hand", True)
    assert stack.sagemaker.describe_endpoint(EndpointName=f"noria-{name}")["EndpointConfigName"] == f"{name}-by-hand"
    # The owner's word brings the last release back.
    champion = ledger.read(stack, name).champion
    assert rollback(stack, name, None, "enough", LIMIT).status == "rolled_back"
    assert status(stack, name).champion["serves"] == champion["config"]
