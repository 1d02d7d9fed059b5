"""Nested stacks by unmodified SAM: deployed, found up to date, called, read and deleted by its own commands."""

import os
import subprocess

import pytest

from local import lifecycle
from tests.local.aws.nested import Stacks

SAM = lifecycle.ROOT / ".noria" / "envs" / "sam" / "bin" / "sam"
ROOT = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Prefix: {Type: String, AllowedPattern: "^[a-z][a-z0-9]{0,14}$"}}
Resources:
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer, RetentionPolicy: Delete}}
  First:
    Type: AWS::Serverless::Application
    Properties: {Location: first.yaml, Parameters: {Layer: !Ref Layer}}
  Second:
    Type: AWS::Serverless::Application
    Properties: {Location: second.yaml, Parameters: {Prefix: !Ref Prefix, Answer: !GetAtt First.Outputs.Answer}}
"""
FIRST = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Layer: {Type: String}}
Resources:
  AnswerFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Layers: [!Ref Layer]
      InlineCode: |
        from answer import ANSWER
        def handler(event, context):
            print("asked for", event)
            return ANSWER
Outputs: {Answer: {Value: !GetAtt AnswerFunction.Arn}}
"""
SECOND = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Prefix: {Type: String}, Answer: {Type: String}}
Resources:
  AskMachine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: !Sub "${Prefix}-ask"
      DefinitionUri: ask.asl.yaml
      DefinitionSubstitutions: {Answer: !Ref Answer}
      Policies: [{Statement: [{Effect: Allow, Action: lambda:InvokeFunction, Resource: !Ref Answer}]}]
"""
ASK = """
QueryLanguage: JSONata
StartAt: Ask
States:
  Ask: {Type: Task, Resource: "arn:aws:states:::lambda:invoke", Arguments: {FunctionName: "${Answer}"}, Output: "{% $states.result.Payload %}", End: true}
"""


@pytest.fixture
def sam(running, tmp_path, name):
    """Runs a command of SAM on a root of two children; its output."""
    (tmp_path / "layer" / "python").mkdir(parents=True)
    (tmp_path / "layer" / "python" / "answer.py").write_text("ANSWER = 42\n")
    for file, text in {"template.yaml": ROOT, "first.yaml": FIRST, "second.yaml": SECOND, "ask.asl.yaml": ASK}.items():
        (tmp_path / file).write_text(text)
    environment = {**os.environ, **running.environment(), "SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5", "HOME": str(tmp_path)}

    def run(*command):
        done = subprocess.run([str(SAM), *command, "--stack-name", name], cwd=tmp_path, env=environment, capture_output=True, text=True)
        return done.stdout + done.stderr

    return run


def test_a_root_of_two_children_lives_and_goes(client, sam, name):
    stacks = Stacks(client)
    deploy = ["deploy", "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-fail-on-empty-changeset"]
    prefix = ["--parameter-overrides", f"Prefix={name}"]
    assert "Successfully created/updated stack" in sam(*deploy, *prefix)
    assert "No changes to deploy" in sam(*deploy, *prefix)
    assert "42" in sam("remote", "invoke", "Second/AskMachine")
    assert "asked for {}" in sam("logs", "--name", "First/AnswerFunction")
    children = stacks.ids(f"{name}-")
    assert "Deleted successfully" in sam("delete", "--no-prompts")
    assert {stacks.describe(child)["StackStatus"] for child in children} == {"DELETE_COMPLETE"}
    assert not [function for function in client("lambda").list_functions()["Functions"] if name in function["FunctionName"]]
