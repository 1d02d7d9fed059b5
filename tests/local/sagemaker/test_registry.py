"""The model registry: versions, idempotency, approval and its events."""

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.sagemaker.conftest import IMAGE

SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
PREFIX = "arn:aws:sagemaker:us-east-1:000000000000:model-package"


@pytest.fixture
def group(sagemaker, name):
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def register(sagemaker, group):
    def register(**request):
        return sagemaker.create_model_package(ModelPackageGroupName=group, InferenceSpecification=SPECIFICATION, **request)["ModelPackageArn"]

    return register


def test_versions_count_up_within_their_group(sagemaker, register, group):
    assert [register(), register()] == [f"{PREFIX}/{group}/1", f"{PREFIX}/{group}/2"]
    described = sagemaker.describe_model_package(ModelPackageName=f"{PREFIX}/{group}/2")
    assert (described["ModelPackageVersion"], described["ModelApprovalStatus"]) == (2, "PendingManualApproval")
    assert (described["ModelPackageStatus"], described["InferenceSpecification"]) == ("Completed", SPECIFICATION)


def test_a_repeated_client_token_registers_nothing_new(sagemaker, register, group):
    assert register(ClientToken="a" * 36) == register(ClientToken="a" * 36)
    assert register(ClientToken="b" * 36).endswith("/2")
    assert len(sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]) == 2


def test_a_client_token_of_another_group_is_another_ones(sagemaker, register, group):
    sagemaker.create_model_package_group(ModelPackageGroupName=f"{group}-b")
    register(ClientToken="c" * 36)
    other = sagemaker.create_model_package(ModelPackageGroupName=f"{group}-b", InferenceSpecification=SPECIFICATION, ClientToken="c" * 36)
    assert other["ModelPackageArn"] == f"{PREFIX}/{group}-b/1"


def test_versions_are_listed_oldest_first_and_by_approval(sagemaker, register, group):
    first, second = register(), register(ModelApprovalStatus="Approved")
    listed = sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert [package["ModelPackageArn"] for package in listed] == [first, second]
    approved = sagemaker.list_model_packages(ModelPackageGroupName=group, ModelApprovalStatus="Approved")["ModelPackageSummaryList"]
    assert [package["ModelPackageArn"] for package in approved] == [second]


def test_an_approval_is_told_on_the_default_bus(sagemaker, register, group, listen):
    listener = listen("SageMaker Model Package State Change", {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]})
    arn = register(CustomerMetadataProperties={"run": "r-1", "dataset": "d-1"})
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="better", CustomerMetadataProperties={"by": "me"})
    (detail,) = until(listener.details)
    assert detail["ModelPackageArn"] == arn
    assert (detail["ModelApprovalStatus"], detail["ModelPackageStatus"], detail["ModelPackageVersion"]) == ("Approved", "Completed", 1)
    assert detail["CustomerMetadataProperties"] == {"run": "r-1", "dataset": "d-1", "by": "me"}
    assert detail["ApprovalDescription"] == "better"
    assert listener.heard[0]["resources"] == [arn]


def test_a_registration_is_told_as_pending(register, group, listen):
    listener = listen("SageMaker Model Package State Change", {"ModelPackageGroupName": [group]})
    register()
    (detail,) = until(listener.details)
    assert detail["ModelApprovalStatus"] == "PendingManualApproval"


def test_metadata_are_removed_by_key(sagemaker, register):
    arn = register(CustomerMetadataProperties={"keep": "1", "drop": "2"})
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataPropertiesToRemove=["drop"])
    assert sagemaker.describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"] == {"keep": "1"}


def test_a_group_with_versions_is_not_deleted(sagemaker, register, group):
    arn = register()
    with pytest.raises(ClientError, match="Cannot delete model package group"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    sagemaker.delete_model_package(ModelPackageName=arn)
    with pytest.raises(ClientError, match=f"ModelPackage {arn} does not exist"):
        sagemaker.describe_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)


def test_a_version_of_no_group_is_refused(sagemaker, name):
    with pytest.raises(ClientError, match=f"model-package-group/{name} does not exist") as caught:
        sagemaker.create_model_package(ModelPackageGroupName=name, InferenceSpecification=SPECIFICATION)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_versions_are_described_together(sagemaker, register):
    arn = register()
    answer = sagemaker.batch_describe_model_package(ModelPackageArnList=[arn, f"{arn}0"])
    assert answer["ModelPackageSummaries"][arn]["ModelPackageVersion"] == 1
    assert "does not exist" in answer["BatchDescribeModelPackageErrorMap"][f"{arn}0"]["ErrorResponse"]


def test_versions_carry_tags(sagemaker, register):
    arn = register()
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
