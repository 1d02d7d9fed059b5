"""CloudFormation: what a template says is what the services answer afterwards."""

import json
import textwrap

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.conftest import fresh
from tests.local.aws.waiting import until

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {Days: {Type: Number, Default: 30}}
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {EnableKeyRotation: true}}
  Lake:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: Enabled}
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms, KMSMasterKeyID: !GetAtt Key.Arn}
            BucketKeyEnabled: true
      PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}
      LifecycleConfiguration:
        Rules:
          - {Id: old, Status: Enabled, Prefix: incoming/, ExpirationInDays: !Ref Days, NoncurrentVersionExpiration: {NoncurrentDays: 7}}
          - {Id: parts, Status: Enabled, AbortIncompleteMultipartUpload: {DaysAfterInitiation: 2}}
      Tags: [{Key: "noria:stage", Value: test & "more"}]
  Ledger:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}]}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionSubstitutions: {Answer: !Ref Lake}
      DefinitionString: |
        Comment: It's YAML, with "quotes"
        QueryLanguage: JSONata
        StartAt: Say
        States:
          Say: {Type: Succeed, Output: {lake: "${Answer}", sum: "{% 1 + 1 %}"}}
Outputs:
  Lake: {Value: !Ref Lake}
  Ledger: {Value: !Ref Ledger}
  Key: {Value: !GetAtt Key.Arn}
  Machine: {Value: !Ref Machine}
"""


def settle(cloudformation, name: str) -> dict[str, object]:
    """The stack once it no longer changes."""

    def settled() -> dict[str, object] | None:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return None if described["StackStatus"].endswith("IN_PROGRESS") else described

    return until(settled, 30)


@pytest.fixture(scope="module")
def stack(client):
    """The template as a stack: its name and its outputs."""
    cloudformation, name = client("cloudformation"), fresh()
    cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE, Capabilities=["CAPABILITY_IAM"])
    described = settle(cloudformation, name)
    assert described["StackStatus"] == "CREATE_COMPLETE", described
    return name, {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def test_a_bucket_is_encrypted_with_the_key_that_the_template_names(client, stack):
    _, outputs = stack
    encryption = client("s3").get_bucket_encryption(Bucket=outputs["Lake"])["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": outputs["Key"]}
    assert encryption[0]["BucketKeyEnabled"] is True


def test_a_bucket_keeps_its_lifecycle_tags_and_locks(client, stack):
    s3, bucket = client("s3"), stack[1]["Lake"]
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    assert rules["old"]["Expiration"]["Days"] == 30
    assert rules["old"]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7
    assert rules["old"]["Filter"]["Prefix"] == "incoming/"
    assert rules["parts"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 2
    assert {"Key": "noria:stage", "Value": 'test & "more"'} in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}


def test_a_table_keeps_its_time_to_live_and_recovery(client, stack):
    dynamodb, table = client("dynamodb"), stack[1]["Ledger"]
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert ttl == {"AttributeName": "ttl", "TimeToLiveStatus": "ENABLED"}
    recovery = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_state_machine_in_yaml_runs_with_its_substitutions(machines, stack):
    outputs = stack[1]
    assert json.loads(machines.client.describe_state_machine(stateMachineArn=outputs["Machine"])["definition"])["Comment"] == 'It\'s YAML, with "quotes"'
    assert machines.end(machines.start(outputs["Machine"])).output == {"lake": outputs["Lake"], "sum": 2}


def test_an_update_changes_a_machine_and_a_bucket_in_place(client, machines, stack):
    cloudformation, (name, outputs) = client("cloudformation"), stack
    changed = TEMPLATE.replace("1 + 1", "2 + 2").replace("Default: 30", "Default: 60")
    cloudformation.update_stack(StackName=name, TemplateBody=changed, Capabilities=["CAPABILITY_IAM"])
    assert settle(cloudformation, name)["StackStatus"] == "UPDATE_COMPLETE"
    assert machines.end(machines.start(outputs["Machine"])).output == {"lake": outputs["Lake"], "sum": 4}
    rules = client("s3").get_bucket_lifecycle_configuration(Bucket=outputs["Lake"])["Rules"]
    assert next(rule for rule in rules if rule["ID"] == "old")["Expiration"]["Days"] == 60


def test_a_machine_that_the_service_refuses_fails_the_stack(client, role, name):
    cloudformation = client("cloudformation")
    template = f"""
        Resources:
          Machine:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: {role}
              DefinitionString: |
                QueryLanguage: JSONata
                StartAt: Say
                States: {{Say: {{Type: Succeed, Output: "{{% $merge([ %}}"}}}}
    """
    try:
        cloudformation.create_stack(StackName=name, TemplateBody=textwrap.dedent(template))
    except ClientError as error:
        refused = str(error)
    else:
        assert settle(cloudformation, name)["StackStatus"] in {"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"}
        refused = str(cloudformation.describe_stack_events(StackName=name)["StackEvents"])
    assert "INVALID_JSONATA_EXPRESSION" in refused


def test_an_unknown_resource_type_is_refused_before_anything_is_made(client, name):
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        client("cloudformation").create_stack(StackName=name, TemplateBody="Resources: {Thing: {Type: AWS::Nothing::AtAll}}")
