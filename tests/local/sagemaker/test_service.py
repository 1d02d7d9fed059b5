"""Every family alike: validation, names, pages, filters and tags."""

import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

TRAINING = {
    "TrainingJobName": "a",
    "RoleArn": "arn:aws:iam::000000000000:role/any",
    "AlgorithmSpecification": {"TrainingImage": "x", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


@pytest.fixture(scope="module")
def unchecked(running):
    """A client that sends what it is given."""
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("sagemaker", region_name=running.region, endpoint_url=running.endpoint_url, config=config, **keys)


def refused(call, **request):
    """The error's code, message and HTTP status."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"RoleArn": None}, "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"),
        ({"OutputDataConfig": {}}, "Value null at 'outputDataConfig.s3OutputPath'"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": "soon"}}, "MaxRuntimeInSeconds"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "Value '0' at 'stoppingCondition.maxRuntimeInSeconds'"),
        ({"TrainingJobName": "under_score"}, "Value 'under_score' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression"),
        ({"TrainingJobName": "a" * 64}, "Member must have length less than or equal to 63"),
        ({"ResourceConfig": {**TRAINING["ResourceConfig"], "InstanceType": "ml.huge"}}, "Member must satisfy enum value set: ["),
    ],
)
def test_a_request_that_breaks_the_service_model_is_a_validation_exception(unchecked, change, words):
    request = {name: value for name, value in {**TRAINING, **change}.items() if value is not None}
    code, message, status = refused(unchecked.create_training_job, **request)
    assert (code, status) == ("ValidationException", 400)
    assert words in message


def test_all_faults_of_a_request_are_counted(unchecked):
    _, message, _ = refused(unchecked.create_training_job, **{**TRAINING, "TrainingJobName": "a_b", "RoleArn": "me"})
    assert message.startswith("3 validation errors detected: ")  # the ARN is too short as well
    assert "'trainingJobName'" in message
    assert "'roleArn'" in message


@pytest.mark.parametrize(
    ("call", "request_", "code", "words"),
    [
        ("describe_training_job", {"TrainingJobName": "none"}, "ValidationException", "Requested resource not found."),
        ("stop_transform_job", {"TransformJobName": "none"}, "ValidationException", "Requested resource not found."),
        ("delete_model", {"ModelName": "none"}, "ValidationException", 'Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/none".'),
        ("describe_endpoint_config", {"EndpointConfigName": "none"}, "ValidationException", "Could not find endpoint configuration"),
        ("describe_endpoint", {"EndpointName": "none"}, "ValidationException", "Could not find endpoint "),
        ("create_endpoint", {"EndpointName": "e", "EndpointConfigName": "none"}, "ValidationException", "Could not find endpoint configuration"),
        ("describe_model_package_group", {"ModelPackageGroupName": "none"}, "ValidationException", ":model-package-group/none does not exist."),
        ("describe_experiment", {"ExperimentName": "none"}, "ResourceNotFound", "'none' does not exist."),
    ],
)
def test_a_missing_resource_is_an_error_in_awss_words(sagemaker, call, request_, code, words):
    error_code, message, status = refused(getattr(sagemaker, call), **request_)
    assert (error_code, status) == (code, 400)
    assert words in message


def test_a_taken_job_name_is_in_use(jobs):
    taken = jobs.start("")
    code, message, status = refused(jobs.sagemaker.create_training_job, **{**TRAINING, "TrainingJobName": taken, "RoleArn": jobs.role})
    assert (code, status) == ("ResourceInUse", 400)
    assert f":training-job/{taken})" in message


def test_any_other_taken_name_is_a_validation_exception(sagemaker, name):
    sagemaker.create_experiment(ExperimentName=name)
    code, message, _ = refused(sagemaker.create_experiment, ExperimentName=name)
    assert code == "ValidationException"
    assert "already existing" in message
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    assert refused(sagemaker.create_model_package_group, ModelPackageGroupName=name)[:2] == (
        "ValidationException",
        f"Model Package Group already exists: arn:aws:sagemaker:us-east-1:000000000000:model-package-group/{name}",
    )


def test_a_resource_without_a_lifecycle_is_created_described_updated_and_deleted(sagemaker, name):
    kernel = {"KernelSpecs": [{"Name": "python3"}]}
    response = sagemaker.create_app_image_config(AppImageConfigName=name, KernelGatewayImageConfig=kernel)
    assert response["AppImageConfigArn"] == f"arn:aws:sagemaker:us-east-1:000000000000:app-image-config/{name}"
    described = sagemaker.describe_app_image_config(AppImageConfigName=name)
    assert described["KernelGatewayImageConfig"] == kernel
    sagemaker.update_app_image_config(AppImageConfigName=name, KernelGatewayImageConfig={"KernelSpecs": [{"Name": "other"}]})
    changed = sagemaker.describe_app_image_config(AppImageConfigName=name)
    assert changed["KernelGatewayImageConfig"]["KernelSpecs"] == [{"Name": "other"}]
    assert changed["LastModifiedTime"] > described["LastModifiedTime"] == described["CreationTime"]
    sagemaker.delete_app_image_config(AppImageConfigName=name)
    assert refused(sagemaker.describe_app_image_config, AppImageConfigName=name)[0] == "ResourceNotFound"
    assert sagemaker.list_app_image_configs(NameContains=name)["AppImageConfigs"] == []


@pytest.fixture(scope="module")
def three(sagemaker):
    """Names of three model package groups, oldest first, and what they have in common."""
    common = f"p{time.time_ns()}"
    names = [f"{common}-{letter}" for letter in "bca"]
    for name in names:
        sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return common, names


def listed(answer):
    return [group["ModelPackageGroupName"] for group in answer["ModelPackageGroupSummaryList"]]


def test_lists_come_in_pages(sagemaker, three):
    common, names = three
    first = sagemaker.list_model_package_groups(NameContains=common, MaxResults=2)
    second = sagemaker.list_model_package_groups(NameContains=common, MaxResults=2, NextToken=first["NextToken"])
    assert listed(first) + listed(second) == names
    assert len(listed(first)) == 2
    assert "NextToken" not in second


def test_lists_are_sorted_as_asked(sagemaker, three):
    common, names = three
    assert listed(sagemaker.list_model_package_groups(NameContains=common, SortOrder="Descending")) == names[::-1]
    assert listed(sagemaker.list_model_package_groups(NameContains=common.upper(), SortBy="Name")) == sorted(names)


def test_lists_are_filtered_by_time(sagemaker, three):
    common, names = three
    created_at = sagemaker.describe_model_package_group(ModelPackageGroupName=names[1])["CreationTime"]
    older = sagemaker.list_model_package_groups(NameContains=common, CreationTimeBefore=created_at)
    assert names[0] in listed(older)
    assert names[2] not in listed(older)
    assert names[0] not in listed(sagemaker.list_model_package_groups(NameContains=common, CreationTimeAfter=created_at))


def test_training_jobs_are_filtered_by_status(sagemaker, jobs):
    failed = jobs.run("raise SystemExit(1)")["TrainingJobName"]
    names = [job["TrainingJobName"] for job in sagemaker.list_training_jobs(StatusEquals="Failed", NameContains=failed)["TrainingJobSummaries"]]
    assert names == [failed]
    assert sagemaker.list_training_jobs(StatusEquals="Completed", NameContains=failed)["TrainingJobSummaries"] == []


def test_a_token_of_another_making_is_refused(sagemaker):
    assert refused(sagemaker.list_models, NextToken="mine")[0] == "ValidationException"


def test_tags_are_added_replaced_listed_and_deleted(sagemaker, name):
    arn = sagemaker.create_experiment(ExperimentName=name, Tags=[{"Key": "a", "Value": "1"}])["ExperimentArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "3"}]
    assert refused(sagemaker.list_tags, ResourceArn=f"{arn}x")[0] == "ValidationException"


def test_an_operation_that_is_not_served_says_so(sagemaker):
    code, message, _ = refused(sagemaker.get_search_suggestions, Resource="Experiment")
    assert code == "UnknownOperationException"
    assert "GetSearchSuggestions" in message


def test_more_instances_than_the_quota_are_refused(unchecked, role):
    request = {**TRAINING, "RoleArn": role, "ResourceConfig": {**TRAINING["ResourceConfig"], "InstanceCount": 21}}
    code, message, status = refused(unchecked.create_training_job, **request)
    assert (code, status) == ("ResourceLimitExceeded", 400)
    assert "a request delta of 21 Instances" in message
    assert refused(unchecked.describe_training_job, TrainingJobName="a")[0] == "ValidationException"
