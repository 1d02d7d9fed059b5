"""An optional stack, as template.yaml says how to add one: off, it creates nothing; on, it is there; off again, it is gone."""

import os
import subprocess

import pytest

from local import lifecycle

SAM = lifecycle.ROOT / ".noria" / "envs" / "sam" / "bin" / "sam"
ROOT = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Prefix: {Type: String}
  Extra: {Type: String, AllowedValues: ["on", "off"], Default: "off"}
Conditions:
  WithExtra: !Equals [!Ref Extra, "on"]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Extra:
    Type: AWS::Serverless::Application
    Condition: WithExtra
    Properties: {Location: extra.yaml, Parameters: {Prefix: !Ref Prefix}}
"""
EXTRA = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Prefix: {Type: String}}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Prefix}-extra"}}
  DecidingRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}
  Function:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: index.handler, Role: !GetAtt DecidingRole.Arn, InlineCode: "def handler(event, context): pass"}
"""


@pytest.fixture
def deploy(running, tmp_path, name):
    """Deploys the root with the optional stack on or off, by unmodified SAM."""
    (tmp_path / "template.yaml").write_text(ROOT)
    (tmp_path / "extra.yaml").write_text(EXTRA)
    environment = {**os.environ, **running.environment(), "SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5", "HOME": str(tmp_path)}
    command = [str(SAM), "deploy", "--stack-name", name, "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

    def run(*overrides):
        done = subprocess.run([*command, "--parameter-overrides", f"Prefix={name}", *overrides], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def created(client, name):
    """What of the optional stack exists: the stack itself, its queue, its function and its role."""
    stacks = [stack for page in client("cloudformation").get_paginator("describe_stacks").paginate() for stack in page["Stacks"]]
    return [
        *[stack["StackName"] for stack in stacks if stack["StackName"].startswith(f"{name}-")],
        *client("sqs").list_queues(QueueNamePrefix=f"{name}-").get("QueueUrls", []),
        *[function["FunctionName"] for function in client("lambda").list_functions()["Functions"] if function["FunctionName"].startswith(f"{name}-")],
        *[
            role["RoleName"]
            for page in client("iam").get_paginator("list_roles").paginate()
            for role in page["Roles"]
            if role["RoleName"].startswith(f"{name}-")
        ],
    ]


def test_an_optional_stack_that_is_off_creates_nothing(client, deploy, name):
    deploy()
    assert not created(client, name)
    deploy("Extra=on")
    assert len(created(client, name)) == 4
    deploy("Extra=off")
    assert not created(client, name)
