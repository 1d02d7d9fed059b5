"""Calls of a state machine that get no answer: the error that AWS's client raises then, which machines try again."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from local.lifecycle import ROOT

PYTHON = ROOT / ".noria" / "envs" / "local" / "bin" / "python"
#: Resource → the error that its closed connection is.
ERRORS = {
    "arn:aws:states:::lambda:invoke": "Lambda.SdkClientException",
    "arn:aws:lambda:us-east-1:000000000000:function:f": "Lambda.SdkClientException",
    "arn:aws:states:::dynamodb:putItem": "DynamoDB.SdkClientException",
    "arn:aws:states:::events:putEvents": "EventBridge.SdkClientException",
    "arn:aws:states:::sns:publish": "SNS.SdkClientException",
    "arn:aws:states:::sqs:sendMessage": "SQS.SdkClientException",
    "arn:aws:states:::states:startExecution": "StepFunctions.SdkClientException",
    "arn:aws:states:::states:startExecution.sync:2": "StepFunctions.SdkClientException",
    "arn:aws:states:::sagemaker:createModel": "SageMaker.SdkClientException",
    "arn:aws:states:::sagemaker:createTrainingJob.sync": "SageMaker.SdkClientException",
    "arn:aws:states:::aws-sdk:s3:getObject": "S3.SdkClientException",
    "arn:aws:states:::aws-sdk:dynamodb:transactWriteItems": "DynamoDb.SdkClientException",
    "arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken": "DynamoDb.SdkClientException",
    "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess": "Sfn.SdkClientException",
    "arn:aws:states:::aws-sdk:cloudwatch:putMetricData": "CloudWatch.SdkClientException",
    "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint": "SageMaker.SdkClientException",
    "arn:aws:states:::aws-sdk:applicationautoscaling:describeScalableTargets": "ApplicationAutoScaling.SdkClientException",
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> dict[str, dict[str, list[str]]]:
    """By the way in which a call was broken off and its resource: error and cause of the execution, or its status and output."""
    folder = tmp_path_factory.mktemp("unanswered")
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "TMPDIR": str(folder)}
    script = Path(__file__).with_name("unanswered.py")
    ran = subprocess.run([str(PYTHON), str(script)], cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_a_call_whose_connection_is_closed_is_the_exception_of_its_services_client(ended):
    assert {resource: error for resource, (error, _) in ended["closed"].items()} == ERRORS
    assert all(cause.startswith("Unable to execute HTTP request: ") for _, cause in ended["closed"].values())


@pytest.mark.parametrize("way", ["cut off", "silent", "garbled", "refused"])
def test_however_a_call_goes_without_an_answer_it_is_the_same_exception(ended, way):
    assert {resource: error for resource, (error, _) in ended[way].items()} == {resource: ERRORS[resource] for resource in ended[way]}


def test_a_job_goes_on_when_one_look_at_it_gets_no_answer(ended):
    ((status, output),) = ended["polled"].values()
    assert (status, json.loads(output)["TrainingJobStatus"]) == ("SUCCEEDED", "Completed")


def test_every_policy_of_the_machines_tries_an_unanswered_call_again():
    """GIVEN the catalogue of retries THEN each integration's has the exception of its client, by the name that it has here."""
    policies = yaml.safe_load((ROOT / "statemachines" / "retries.yaml").read_text())["integrations"]
    names = {resource.split(":::")[1]: error for resource, error in ERRORS.items() if ":::" in resource}
    for integration, policy in policies.items():
        (error,) = {error for resource, error in names.items() if resource.startswith(f"{integration}:")}
        retriers = policy if isinstance(policy, list) else [policy]
        assert error in [name for retrier in retriers for name in retrier["ErrorEquals"]], integration
