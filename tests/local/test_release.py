"""Releases on the deployed stack under real traffic: promotion, undoing, rollback; no request fails in the machinery."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.session import Session
from cli.data.progress import Stage
from cli.data.upload import upload
from cli.history.status import status
from cli.project.publish import publish
from cli.release import approval
from cli.release.releases import rollback
from cli.release.state import release_state
from cli.serving.predict import predict
from tests.local.aws.waiting import until
from tests.local.conftest import SHORT
from tests.local.test_loop import INFERENCE, LIMIT, data, loop, project, told_events

#: Answers half of the requests with an error, but in its evaluation.
SPOILED = INFERENCE.replace(
    "def output_fn",
    """import os, random
def predict_fn(rows, model):
    if os.environ.get("SAGEMAKER_BATCH") != "true" and random.random() < 0.5:
        raise ValueError("spoiled")
    return model.predict(rows)
def output_fn""",
)


class Client:
    """Keeps asking an endpoint; counts who answered, what the model failed, and what failed besides."""

    def __init__(self, stack: Session, model: str, rps: float, own: str) -> None:
        self._own = own
        self._runtime, self._endpoint, self._pause = stack.runtime, stack.endpoint(model), 1 / rps
        self.served, self.model_errors, self.failed, self.going = Counter[str](), 0, list[str](), True

    def run(self) -> None:
        while self.going:
            try:
                answer = self._runtime.invoke_endpoint(EndpointName=self._endpoint, ContentType="text/csv", Accept="text/csv", Body=f"{random.random() * 10}\n")
                self.served[answer["InvokedProductionVariant"]] += 1
            except ClientError as error:
                if self._own in str(error):
                    self.model_errors += 1
                else:
                    self.failed.append(str(error))
            time.sleep(self._pause)


@contextmanager
def asking(stack: Session, model: str, rps: float = 40, own: str = "spoiled") -> Iterator[Client]:
    """A client in the background; `own` marks what is the model's own error."""
    client = Client(stack, model, rps, own)
    thread = threading.Thread(target=client.run)
    thread.start()
    try:
        yield client
    finally:
        client.going = False
        thread.join()


def serving(spoil: str) -> str:
    """The code of a version that behaves otherwise where it serves than in its evaluation."""
    return INFERENCE.replace(
        "def output_fn", f"import os, random, signal, threading, time\nserves = os.environ.get('SAGEMAKER_BATCH') != 'true'\n{spoil}\ndef output_fn"
    )


#: Versions that pass every check before they take traffic, and the words of the guard that undoes them.
SPOILT = {
    "dies": (
        "def predict_fn(rows, model):\n    if serves and random.random() < 0.2:\n        os.kill(os.getpid(), signal.SIGKILL)\n    return model.predict(rows)",
        "errors",
    ),
    "slow under load": (
        "lock = threading.Lock()\ndef predict_fn(rows, model):\n    if serves:\n        with lock:\n            time.sleep(0.3)\n    return model.predict(rows)",
        "slow",
    ),
    "answers nonsense": ("def predict_fn(rows, model):\n    return [7 if serves else value for value in model.predict(rows)]", "broken answers"),
}
#: A rate of errors that some forty requests without one are below.
QUICK = "guard: {errors: {tolerated: 0.1}, answers: {tolerated: 0.1}}"

STRATEGIES = (
    f"{{strategy: shadow, {QUICK}}}",
    f"{{strategy: ab, steps: [0.5], sample: 50, {QUICK}}}",
    "{strategy: canary, bake_minutes: 1}",
    "{strategy: linear, steps: [0.5], bake_minutes: 1}",
    "{strategy: rolling, steps: [0.5], bake_minutes: 1}",
    "{strategy: all_at_once}",
)


def served(stack: Session, name: str, tmp_path: Path) -> None:
    """A first version that serves."""
    project(tmp_path / "p", name)
    with_rollout(tmp_path, f"{{{QUICK}}}")
    publish(stack, tmp_path / "p")
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"


def second(stack: Session, name: str, tmp_path: Path) -> Stage:
    """A second version, trained on a world that has changed; its release."""
    return loop(stack, name, data(tmp_path, "changed.csv", rows=400, seed=3))[-1]


def ended(stack: Session, name: str) -> list[dict]:
    """Releases that are no longer under way, newest first."""
    return [item for item in ledger.read(stack, name).releases if item["status"] != "running"]


def with_rollout(tmp_path: Path, rollout: str) -> None:
    """Write the spec's rollout block anew."""
    spec = tmp_path / "p" / "model.yaml"
    spec.write_text(spec.read_text().split("rollout:")[0] + f"rollout: {rollout}\n")


def test_a_good_version_takes_the_traffic_step_by_step_and_no_request_fails(stack, name, tmp_path):
    served(stack, name, tmp_path)
    with asking(stack, name) as client:
        release = second(stack, name, tmp_path)
    assert release.verdict == "completed"
    assert any("no worse" in reason for reason in release.reasons)
    assert client.failed == []
    assert client.served["challenger"] > 20
    assert predict(stack, name, [{"x": 5.5}]).predictions[0].prediction == "0"


def test_a_spoiled_version_is_undone_before_many_have_met_it_and_is_not_offered_again(stack, name, tmp_path):
    served(stack, name, tmp_path)
    before = ledger.read(stack, name).champion
    (tmp_path / "p" / "inference.py").write_text(SPOILED)
    publish(stack, tmp_path / "p")
    with asking(stack, name) as client:
        release = second(stack, name, tmp_path)
    assert release.verdict == "rolled_back"
    assert "harm" in release.reasons[0]
    assert client.failed == []
    assert 0 < client.model_errors < 60
    assert ledger.read(stack, name).champion == before
    assert status(stack, name).champion["serves"] == before["config"]
    spoiled = f"{before['model_package_arn'][:-1]}2"
    assert until(lambda: stack.sagemaker.describe_model_package(ModelPackageName=spoiled)["ModelApprovalStatus"] == "Rejected")


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_goes_wrong_only_under_traffic_is_undone(stack, name, tmp_path, spoilt):
    code, word = SPOILT[spoilt]
    served(stack, name, tmp_path)
    before = ledger.read(stack, name).champion
    (tmp_path / "p" / "inference.py").write_text(serving(code))
    with_rollout(
        tmp_path, "{guard: {slow: {over_ms: 250, tolerated: 0.1}, errors: {tolerated: 0.1}, answers: {tolerated: 0.1}}}\nserve: {answers: {values: [0, 1]}}"
    )
    publish(stack, tmp_path / "p")
    with asking(stack, name, own="Received") as client:
        release = second(stack, name, tmp_path)
    assert release.verdict == "rolled_back", release.reasons
    assert any(reason.startswith(f"{word}: ") and reason.endswith("harm") for reason in release.reasons), release.reasons
    assert client.failed == []
    assert status(stack, name).champion["serves"] == before["config"]


def test_the_next_instance_type_is_taken_where_one_cannot_be_had(stack, name, tmp_path):
    folder = project(tmp_path / "p", name)
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text() + f"serve: {{instance: [{SHORT}, ml.m5.large]}}\n")
    publish(stack, folder)
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    (variant,) = stack.sagemaker.describe_endpoint(EndpointName=f"noria-{name}")["ProductionVariants"]
    assert [(pool["InstanceType"], pool["CurrentInstanceCount"]) for pool in variant["InstancePools"]] == [(SHORT, 0), ("ml.m5.large", 1)]


def test_a_release_for_which_there_is_no_capacity_fails_with_sagemakers_words(stack, name, tmp_path):
    folder = project(tmp_path / "p", name)
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text() + f"serve: {{instance: {SHORT}}}\n")
    publish(stack, folder)
    release = loop(stack, name, data(tmp_path))[-1]
    assert (release.verdict, "InsufficientInstanceCapacity" in release.reasons[0]) == ("failed", True)


def test_instances_follow_the_traffic_and_outlive_a_release(stack, name, client, tmp_path):
    project(tmp_path / "p", name)
    with_rollout(tmp_path, f"{{{QUICK}}}\nserve: {{autoscale: {{min: 1, max: 2, requests: 300, out_seconds: 0}}}}")
    publish(stack, tmp_path / "p")
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    scaling, resource = client("application-autoscaling"), f"endpoint/noria-{name}/variant/main"
    described = {"ServiceNamespace": "sagemaker", "ResourceId": resource}
    with asking(stack, name) as traffic:
        assert until(lambda: instances(stack, name) == 2, 30), scaling.describe_scaling_activities(**described)
        assert second(stack, name, tmp_path).verdict == "completed"
        assert instances(stack, name) == 2
    assert traffic.failed == []
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[resource])["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"], target["SuspendedState"]["DynamicScalingInSuspended"]) == (1, 2, False)


def instances(stack: Session, name: str) -> int:
    described = stack.sagemaker.describe_endpoint(EndpointName=f"noria-{name}")
    return next(variant["CurrentInstanceCount"] for variant in described["ProductionVariants"] if variant["VariantName"] == "main")


@pytest.mark.parametrize("rollout", STRATEGIES)
def test_every_strategy_brings_a_good_version_to_all_of_the_traffic(stack, name, tmp_path, rollout):
    project(tmp_path / "p", name)
    with_rollout(tmp_path, rollout)
    publish(stack, tmp_path / "p")
    assert loop(stack, name, data(tmp_path))[-1].verdict == "completed"
    with asking(stack, name) as client:
        assert second(stack, name, tmp_path).verdict == "completed"
    assert client.failed == []
    assert predict(stack, name, [{"x": 5.5}]).predictions[0].prediction == "0"


def test_where_nobody_asks_the_release_does_not_wait_for_evidence_that_cannot_come(stack, name, tmp_path):
    served(stack, name, tmp_path)
    release = second(stack, name, tmp_path)
    assert release.verdict == "completed"
    assert any("nobody asked" in reason for reason in release.reasons)


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


def begun(stack: Session, name: str, tmp_path: Path) -> None:
    """A second version that shares the traffic with the first, and goes on doing so."""
    with_rollout(tmp_path, "{idle: wait, minutes: 600}")
    publish(stack, tmp_path / "p")
    upload(stack, name, data(tmp_path, "changed.csv", rows=400, seed=3))
    assert until(lambda: len(release_state(stack, name).variants) == 2, 60)


def test_a_rollback_during_a_rollout_undoes_it(stack, name, tmp_path):
    served(stack, name, tmp_path)
    first = ledger.read(stack, name).champion
    begun(stack, name, tmp_path)
    assert rollback(stack, name, None, "not today", LIMIT).status == "undone"
    release = until(lambda: next((item for item in ledger.read(stack, name).releases if item["status"] == "rolled_back"), None), 60)
    assert "not today" in release["reasons"][0]["text"]
    assert status(stack, name).champion["serves"] == first["config"]
    assert ledger.read(stack, name).lock is None


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


def asks(stack: Session, name: str, tmp_path: Path, approve: str) -> None:
    """A first version that waits for a person."""
    folder = project(tmp_path / "p", name)
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text() + f"approve: {approve}\n")
    publish(stack, folder)
    assert loop(stack, name, data(tmp_path))[-1].verdict == "pending"


def approvals(client, name: str) -> list[str]:
    """How the machines that asked for this model's versions ended."""
    states = client("stepfunctions")
    arn = next(item["stateMachineArn"] for item in states.list_state_machines()["stateMachines"] if item["name"] == "noria-approve")
    ended = [states.describe_execution(executionArn=item["executionArn"]) for item in states.list_executions(stateMachineArn=arn)["executions"]]
    return [item.get("output", item["status"]) for item in ended if f'"{name}"' in item["input"]]


def test_a_manual_version_waits_for_a_person_and_the_registrys_own_event_is_its_answer(stack, client, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual}")
    assert until(lambda: approvals(client, name)) == ["RUNNING"]
    decision = approval.decide(stack, f"{name}/1", approval.APPROVED, "looks right")
    assert (decision.before, decision.status) == ("PendingManualApproval", "Approved")
    assert until(lambda: ledger.read(stack, name).champion, 60)
    assert until(lambda: "looks right" in approvals(client, name)[0])
    with pytest.raises(CliError, match="has no version 7"):
        approval.decide(stack, f"{name}/7", approval.REJECTED, "no")


def test_a_version_that_nobody_answers_is_rejected_when_its_time_is_up(stack, client, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual, expires_hours: 0.0005}")
    (package,) = stack.sagemaker.list_model_packages(ModelPackageGroupName=f"noria-{name}")["ModelPackageSummaryList"]
    described = until(lambda: _rejected(stack, package["ModelPackageArn"]), 30)
    assert "nobody answered" in described["ApprovalDescription"]


def _rejected(stack: Session, arn: str):
    item = stack.sagemaker.describe_model_package(ModelPackageName=arn)
    return item if item["ModelApprovalStatus"] == "Rejected" else None


def test_who_published_a_version_does_not_approve_it_where_two_are_asked(stack, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual, two_person: true}")
    approval.decide(stack, f"{name}/1", approval.APPROVED, "my own")
    (release,) = until(lambda: ended(stack, name), 60)
    assert release["reasons"][0]["code"] == "SamePerson"
    assert ledger.read(stack, name).champion is None


def test_a_version_whose_artefact_is_gone_is_not_released_and_the_champion_serves_on(stack, name, tmp_path):
    served(stack, name, tmp_path)
    before = ledger.read(stack, name).champion
    spec = tmp_path / "p" / "model.yaml"
    spec.write_text(spec.read_text() + "approve: {mode: manual}\n")
    publish(stack, tmp_path / "p")
    assert second(stack, name, tmp_path).verdict == "pending"
    version = f"{before['model_package_arn'][:-1]}2"
    described = stack.sagemaker.describe_model_package(ModelPackageName=version)
    bucket, key = described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"].removeprefix("s3://").split("/", 1)
    stack.s3.delete_object(Bucket=bucket, Key=key)
    approval.decide(stack, version, approval.APPROVED, "though it is gone")
    release = until(lambda: next((item for item in ended(stack, name) if item["model_package_arn"] == version), None), 60)
    assert release["status"] == "failed"
    assert "model.tar.gz" in release["reasons"][0]["text"]
    assert status(stack, name).champion["serves"] == before["config"]


def test_who_may_not_write_the_registry_approves_nothing(stack, client, name, tmp_path):
    asks(stack, name, tmp_path, "{mode: manual}")
    user = client("iam")
    user.create_user(UserName=name)
    key = user.create_access_key(UserName=name)["AccessKey"]
    (package,) = stack.sagemaker.list_model_packages(ModelPackageGroupName=f"noria-{name}")["ModelPackageSummaryList"]
    with pytest.raises(ClientError) as caught:
        client("sagemaker", key["AccessKeyId"], key["SecretAccessKey"]).update_model_package(
            ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus="Approved"
        )
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert ledger.read(stack, name).champion is None
