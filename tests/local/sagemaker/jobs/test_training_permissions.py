"""Training jobs under IAM: the execution role, and the permission to pass it."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.sagemaker.conftest import EVERYTHING, IMAGE, channel, fresh, packed


def test_a_role_that_may_not_read_the_bucket_fails_the_job(jobs, bucket, make_role):
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket.name}/secret/*"}
    data = bucket.put("a", f"secret/{fresh()}")
    ended = jobs.run("", RoleArn=make_role(EVERYTHING, deny), InputDataConfig=[channel("train", data)])
    assert ended["TrainingJobStatus"] == "Failed"
    assert ended["FailureReason"].startswith("ClientError: Data download failed:")
    assert "not authorized to perform: s3:GetObject" in ended["FailureReason"]


def test_the_script_itself_acts_under_the_jobs_role(jobs, bucket, make_role):
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket.name}/secret/*"}
    script = f"import boto3\nprint(boto3.client('sts').get_caller_identity()['Arn'])\nboto3.client('s3').put_object(Bucket='{bucket.name}', Key='secret/x')"
    role = make_role(EVERYTHING, deny)
    ended = jobs.run(script, RoleArn=role)
    assert any(f"assumed-role/{role.rpartition('/')[2]}/" in line for line in jobs.lines(ended["TrainingJobName"]))
    assert "AccessDenied" in ended["FailureReason"]


def test_a_role_that_does_not_trust_sagemaker_fails_the_job(jobs, make_role):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ended = jobs.run("", RoleArn=make_role(trust=trust))
    assert "sagemaker.amazonaws.com" in ended["FailureReason"]


def test_a_caller_must_be_allowed_to_pass_the_role(client, jobs, bucket, name):
    iam = client("iam")
    iam.create_user(UserName=name)
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="trains", PolicyDocument=json.dumps(allowed))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    theirs = client("sagemaker", key["AccessKeyId"], key["SecretAccessKey"])
    request = {
        "TrainingJobName": name,
        "RoleArn": jobs.role,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"sagemaker_program": "train.py", "sagemaker_submit_directory": bucket.put(packed({"train.py": ""}))},
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket.name}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    with pytest.raises(ClientError, match=f"not authorized to perform: iam:PassRole on resource: {jobs.role}") as caught:
        theirs.create_training_job(**request)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    allowed["Statement"].append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": jobs.role, "Condition": condition})
    iam.put_user_policy(UserName=name, PolicyName="trains", PolicyDocument=json.dumps(allowed))
    theirs.create_training_job(**request)
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
