"""The session of a command: the clients and outputs of one stack, on AWS or on the local AWS."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ProfileNotFound

from cli.base.errors import CliError, CredentialsError, NoStackError
from cli.base.paths import home

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from types_boto3_stepfunctions import SFNClient

#: Variables by which a user chooses AWS instead of the local AWS.
AWS_VARIABLES = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_WEB_IDENTITY_TOKEN_FILE")
NO_AWS = "no local AWS is running and no AWS credentials are set; start one: make up deploy, or name a profile: --profile NAME --stack NAME"
#: Seconds between two polls: the local AWS takes calls for free, AWS does not.
LOCAL_POLL_SECONDS, AWS_POLL_SECONDS = 0.4, 5.0
#: Stacks that an error lists at most.
MOST_STACKS = 10
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, inject_host_prefix=False)


def _local_environment() -> dict[str, str]:
    """The variables by which AWS's own tools find a running local AWS; empty where none runs."""
    try:
        lines = (home() / "local.env").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines)


@dataclass
class Session:
    """One stack and the AWS clients to work with it.

    Args:
        stack: the name of the CloudFormation stack.
        profile: a profile of the user's AWS configuration.
        region: takes precedence over the profile's.
        endpoint_url: of the AWS services, where these are not AWS's own.
    """

    stack: str = "noria"
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    _environment: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if not self._chose_aws:
            self._environment = _local_environment()

    @property
    def _chose_aws(self) -> bool:
        return bool(self.profile or self.endpoint_url or any(name in os.environ for name in AWS_VARIABLES))

    @cached_property
    def _boto(self) -> boto3.session.Session:
        variables = self._environment
        try:
            return boto3.session.Session(
                aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
                profile_name=self.profile,
                region_name=self.region or variables.get("AWS_DEFAULT_REGION"),
            )
        except ProfileNotFound as error:
            raise CredentialsError(f"{error}; the profiles there are: {', '.join(boto3.session.Session().available_profiles) or 'none'}") from error

    @property
    def url(self) -> str | None:
        """The endpoint URL of the AWS services, or nothing at AWS itself."""
        return self.endpoint_url or self._environment.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL")

    @property
    def is_local(self) -> bool:
        """Whether a running local AWS answers."""
        return bool(self._environment)

    @property
    def poll_seconds(self) -> float:
        """Seconds between two polls."""
        return LOCAL_POLL_SECONDS if self.url else AWS_POLL_SECONDS

    def client(self, service: Any) -> Any:
        """A client of any service; those that the command uses are properties.

        Raises:
            NoStackError: the user chose no AWS, and no local AWS runs.
            CliError: the user set no region.
        """
        if not self._boto.region_name and not self._chose_aws:
            raise NoStackError(NO_AWS)
        if not self._boto.region_name:
            raise CliError("no region is set; name one: --region eu-central-1, or AWS_DEFAULT_REGION")
        return self._boto.client(service, endpoint_url=self.url, config=CONFIG)

    @property
    def region_name(self) -> str:
        return self._boto.region_name or "us-east-1"

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        client: CloudFormationClient = self.client("cloudformation")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        client: S3Client = self.client("s3")
        return client

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self.client("dynamodb")
        return client

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        client: SageMakerClient = self.client("sagemaker")
        return client

    @cached_property
    def runtime(self) -> "SageMakerRuntimeClient":
        client: SageMakerRuntimeClient = self.client("sagemaker-runtime")
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        client: EventBridgeClient = self.client("events")
        return client

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        client: CloudWatchLogsClient = self.client("logs")
        return client

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        client: SFNClient = self.client("stepfunctions")
        return client

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        client: CloudWatchClient = self.client("cloudwatch")
        return client

    @cached_property
    def caller(self) -> str:
        """The ARN of the credentials' owner."""
        return str(self.client("sts").get_caller_identity()["Arn"])

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stack.

        Raises:
            NoStackError: no stack has this name, or it is no Noria stack; the message lists the stacks there are.
        """
        try:
            stacks = self.cloudformation.describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise NoStackError(f"there is no stack named {self.stack} in {self._where()}; {self._others()}") from error
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
        if not {"LedgerTable", "Prefix"} <= set(outputs):
            raise NoStackError(
                f"the stack {self.stack} in {self._where()} is {stacks[0]['StackStatus']} and is not, or not yet, a Noria stack; run: make deploy"
            )
        return outputs

    @property
    def prefix(self) -> str:
        """The prefix of every name that the stack derives: jobs, endpoints, groups, alarms, dashboards."""
        return self.outputs["Prefix"]

    def endpoint(self, model: str) -> str:
        """The name of a model's endpoint, which is that of its model package group as well."""
        return f"{self.prefix}-{model}"

    def machine(self, name: str) -> str:
        """The ARN of a state machine of the stack: `ingest`, `train`."""
        _, partition, _, _, account, _ = self.caller.split(":", 5)
        return f"arn:{partition}:states:{self.region_name}:{account}:stateMachine:{self.prefix}-{name}"

    def stacks(self) -> "list[StackTypeDef]":
        """Every stack of the account and region."""
        return [stack for page in self.cloudformation.get_paginator("describe_stacks").paginate() for stack in page["Stacks"]]

    def _where(self) -> str:
        return f"{self.region_name} at {self.url or 'AWS'}"

    def _others(self) -> str:
        names = [stack["StackName"] for stack in self.stacks() if "ParentId" not in stack]
        listed = ", ".join(sorted(names)[:MOST_STACKS])
        return f"those there are: {listed}; name yours with --stack" if names else "deploy it: make deploy"
