"""Releases on the deployed stack under real traffic: promotion and undoing; no request fails in the machinery."""

import pytest

from cli.base import ledger
from cli.base.session import Session
from cli.history.status import status
from cli.project.publish import publish
from cli.serving.predict import predict
from tests.local.aws.waiting import until
from tests.local.conftest import SHORT
from tests.local.release.traffic import QUICK, SPOILED, SPOILT, asking, second, served, serving, with_rollout
from tests.local.small_model import data, loop, project

STRATEGIES = (
    f"{{strategy: shadow, {QUICK}}}",
    f"{{strategy: ab, steps: [0.5], sample: 50, {QUICK}}}",
    "{strategy: canary, bake_minutes: 1}",
    "{strategy: linear, steps: [0.5], bake_minutes: 1}",
    "{strategy: rolling, steps: [0.5], bake_minutes: 1}",
    "{strategy: all_at_once}",
)


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
