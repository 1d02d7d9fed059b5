"""A state machine may do what its role may do, and nothing else."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.conftest import EVERYTHING

READ = """
StartAt: Read
States:
  Read:
    Type: Task
    Resource: arn:aws:states:::dynamodb:getItem
    Arguments: {TableName: TABLE, Key: {pk: {S: x}}}
    Output: read
    Catch: [{ErrorEquals: [DynamoDB.AmazonDynamoDBException], Output: "{% $states.errorOutput %}", Next: Denied}]
    End: true
  Denied: {Type: Succeed}
"""


def test_a_role_allows_the_table_that_it_names_and_denies_another(machines, make_role, tables):
    allowed, denied = tables
    role = make_role({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": f"arn:aws:dynamodb:us-east-1:000000000000:table/{allowed}"})
    assert machines.run(READ.replace("TABLE", allowed), role=role).output == "read"
    caught = machines.run(READ.replace("TABLE", denied), role=role).output
    assert caught["Error"] == "DynamoDB.AmazonDynamoDBException"
    assert "is not authorized to perform: dynamodb:GetItem" in caught["Cause"]
    assert "Error Code: AccessDeniedException" in caught["Cause"]
    assert role.rsplit("/", 1)[-1] in caught["Cause"]


def test_an_explicit_deny_outweighs_everything(machines, make_role, tables):
    role = make_role(EVERYTHING, {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"})
    assert machines.run(READ.replace("TABLE", tables[0]), role=role).output["Error"] == "DynamoDB.AmazonDynamoDBException"


@pytest.mark.parametrize(
    ("missing", "resource", "arguments", "error"),
    [
        ("s3:PutObject", "aws-sdk:s3:putObject", {"Bucket": "BUCKET", "Key": "k", "Body": "b"}, "S3.AccessDeniedException"),
        ("sqs:SendMessage", "sqs:sendMessage", {"QueueUrl": "QUEUE", "MessageBody": "b"}, "SQS.AmazonSQSException"),
        ("events:PutEvents", "events:putEvents", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": {}}]}, "EventBridge.AccessDeniedException"),
        ("lambda:InvokeFunction", "lambda:invoke", {"FunctionName": "nofunction"}, "Lambda.AWSLambdaException"),
        ("sagemaker:CreateModel", "sagemaker:createModel", {"ModelName": "m"}, "SageMaker.AmazonSageMakerException"),
        ("sagemaker:DescribeEndpoint", "aws-sdk:sagemaker:describeEndpoint", {"EndpointName": "m"}, "SageMaker.SageMakerException"),
        ("states:StartExecution", "states:startExecution", {"StateMachineArn": "MACHINE"}, "StepFunctions.AWSStepFunctionsException"),
    ],
)
def test_a_missing_permission_is_the_error_of_the_service_s_client(machines, make_role, client, name, queue, missing, resource, arguments, error):
    client("s3").create_bucket(Bucket=name)
    role = make_role(EVERYTHING, {"Effect": "Deny", "Action": missing, "Resource": "*"})
    text = json.dumps(arguments).replace("BUCKET", name).replace("QUEUE", queue.url).replace("MACHINE", machines.create(READ))
    ended = machines.run(f"StartAt: Do\nStates:\n  Do: {{Type: Task, Resource: 'arn:aws:states:::{resource}', Arguments: {text}, End: true}}\n", role=role)
    assert (ended.status, ended.error) == ("FAILED", error), ended.cause
    assert missing in ended.cause


def test_a_machine_whose_role_does_not_trust_step_functions_is_refused(machines, make_role):
    role = make_role(trusts=["lambda.amazonaws.com"])
    with pytest.raises(ClientError) as refused:
        machines.create(READ, role=role)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert f"states.amazonaws.com, nor the regional one is authorized to assume the provided role {role}" in str(refused.value)


CREATE_MODEL = """
StartAt: Create
States:
  Create:
    Type: Task
    Resource: arn:aws:states:::sagemaker:createModel
    Arguments: {ModelName: NAME, ExecutionRoleArn: PASSED, PrimaryContainer: {Image: an/image, ModelDataUrl: s3://b/k}}
    Output: created
    Catch: [{ErrorEquals: [SageMaker.AmazonSageMakerException], Output: "{% $states.errorOutput.Cause %}", Next: Denied}]
    End: true
  Denied: {Type: Succeed}
"""


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}], "iam:PassRole"),
        ([EVERYTHING, {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}], "iam:PassRole"),
        (
            [
                {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"},
                {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}},
            ],
            "iam:PassRole",
        ),
    ],
)
def test_a_role_is_handed_to_sagemaker_only_by_who_may_pass_it(machines, make_role, role, name, statements, verdict):
    ended = machines.run(CREATE_MODEL.replace("NAME", name).replace("PASSED", role), role=make_role(*statements))
    assert f"is not authorized to perform: {verdict} on resource: {role}" in ended.output


def test_who_may_pass_the_role_to_sagemaker_gets_past_that_check(machines, make_role, role, name):
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}}
    ended = machines.run(
        CREATE_MODEL.replace("NAME", name).replace("PASSED", role),
        role=make_role({"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}, passing),
    )
    assert ended.error != "SageMaker.AmazonSageMakerException"
    assert "iam:PassRole" not in (ended.cause or "") + str(ended.output)
