"""Approval and rejection in the model registry."""

import json
from collections.abc import Callable

import pytest

from cli.base.errors import CliError
from cli.project.publish import publish
from cli.release import approval
from noria.training.conclude_run import conclude_run
from tests.samples import ROOT, sample


def test_approving_an_older_version_than_the_one_that_serves_asks_again(stack):
    publish(stack, ROOT / "models" / "bikeshare")
    event = sample("functions/training/conclude_run.json")
    request = {**conclude_run(event)["registration"], "ModelPackageGroupName": "noria-bikeshare"}
    arns = [stack.sagemaker.create_model_package(**{**request, "ClientToken": token})["ModelPackageArn"] for token in ("a", "b")]
    document = {"endpoint": "e", "spec": "s", "model_package_arn": arns[1]}
    item = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": "CHAMPION"}, "time": {"S": "t"}, "sagemaker_model": {"S": "m"}, "document": {"S": json.dumps(document)}}
    stack.dynamodb.put_item(TableName="ledger", Item=item)
    with pytest.raises(CliError, match="is newer and serves; add --again"):
        approval.decide(stack, arns[0], approval.APPROVED, "the old one")
    assert approval.decide(stack, arns[0], approval.APPROVED, "the old one", again=True).status == "Approved"
    described = stack.sagemaker.describe_model_package(ModelPackageName=arns[0])
    # The word holds for every version that there is, since this one may have to wait for its turn.
    assert described["CustomerMetadataProperties"]["over"] == arns[1]


@pytest.fixture
def register(stack) -> Callable[..., str]:
    """Registers a version of the model `m`; its ARN."""
    stack.sagemaker.create_model_package_group(ModelPackageGroupName="noria-m")

    def version(token: str = "a") -> str:
        request = conclude_run(sample("functions/training/conclude_run.json"))["registration"]
        request |= {"ModelPackageGroupName": "noria-m", "ClientToken": token, "CustomerMetadataProperties": {"model": "m", "spec": "s", "run": token}}
        return stack.sagemaker.create_model_package(**request)["ModelPackageArn"]

    return version


def test_a_version_is_named_by_its_model_and_number_and_says_who_decided(stack, put, register, noria):
    arn = register()
    put("SPEC#s", {"id": "s", "approve": {"mode": "manual"}}, time="t")
    document = json.loads(noria("approve", "m/1", "--comment", "looks right", "--json").stdout)
    described = stack.sagemaker.describe_model_package(ModelPackageName=arn)
    assert (document["version"], document["before"], document["status"], document["frozen_until"]) == (arn, "PendingManualApproval", "Approved", None)
    assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == ("Approved", "looks right")
    assert described["CustomerMetadataProperties"]["approved_by"] == document["by"]


def test_a_release_that_a_freeze_holds_back_is_announced_as_such(put, register, noria):
    register()
    freeze = [{"since": None, "until": "2999-01-01T00:00:00+00:00", "days": [], "hours": None}]
    put("SPEC#s", {"id": "s", "approve": {"mode": "manual", "freeze": freeze}}, time="t")
    lines = noria("approve", "m/1", "--comment", "at last").stdout.splitlines()
    assert "is Approved by arn:aws:" in lines[0]
    assert lines[1] == "its release waits until 2999-01-01T00:00+00:00 (approve.freeze)"


def test_a_second_approval_is_a_change_and_a_second_rejection_an_error(stack, register, noria):
    arn = register()
    for _ in range(2):
        assert noria("approve", arn, "--comment", "good").exit_code == 0
    assert "is Rejected by" in noria("reject", arn, "--comment", "not good").stdout
    assert "is rejected already: not good" in str(noria("reject", arn, "--comment", "again").exception)


def champion(stack, put, arn, **endpoint) -> None:
    put("CHAMPION", {"endpoint": "noria-m", "config": "c", "model_package_arn": arn, "spec": "s"}, time="t", sagemaker_model="sm")
    stack.sagemaker.describe_endpoint = lambda EndpointName: {"EndpointStatus": "InService", "EndpointConfigName": "c", **endpoint}


def test_the_version_that_serves_is_not_approved_again_but_where_the_registry_says_otherwise(stack, put, register, noria):
    arn = register()
    decided = {"ModelPackageArn": arn, "CustomerMetadataProperties": {"model": "m", "spec": "s"}}
    stack.sagemaker.update_model_package(**decided, ModelApprovalStatus="Approved", ApprovalDescription="good")
    champion(stack, put, arn)
    assert f"{arn} serves already: there is nothing to release" in str(noria("approve", "m/1", "--comment", "once more").exception)
    assert stack.sagemaker.describe_model_package(ModelPackageName=arn)["ApprovalDescription"] == "good"
    stack.sagemaker.update_model_package(**decided, ModelApprovalStatus="Rejected")
    assert noria("approve", "m/1", "--comment", "it serves").exit_code == 0


@pytest.mark.parametrize("endpoint", [{"EndpointStatus": "Failed"}, {"EndpointConfigName": "by-hand"}])
def test_the_champion_is_approved_again_where_its_endpoint_serves_it_no_more(stack, put, register, noria, endpoint):
    champion(stack, put, register(), **endpoint)
    assert noria("approve", "m/1", "--comment", "back").exit_code == 0
    assert noria("approve", "m/1", "--comment", "back again").exit_code == 0


def test_an_older_version_than_the_one_that_is_being_released_asks_again_as_well(stack, put, register):
    arns = [register("a"), register("b")]
    put("LOCK", package=arns[1], began="t", holder="h")
    with pytest.raises(CliError, match="is newer and is being released; add --again"):
        approval.decide(stack, arns[0], approval.APPROVED, "the old one")


@pytest.mark.parametrize(("version", "message"), [("m", "expected a version's ARN"), ("m/7", "m has no version 7; those there are: 1, 2")])
def test_a_version_that_is_none_is_refused(stack, register, version, message):
    register("a"), register("b")
    with pytest.raises(CliError, match=message):
        approval.decide(stack, version, approval.APPROVED, "why")
