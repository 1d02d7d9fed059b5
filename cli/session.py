"""Where a command works: the stack's outputs and clients, on AWS or on the machine at hand."""

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, ProfileNotFound

from cli.errors import CliError, CredentialsError, NoStackError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sagemaker_runtime import SageMakerRuntimeClient

#: Variables by which a user has chosen AWS already.
CHOSEN = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_WEB_IDENTITY_TOKEN_FILE")
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
REFUSED = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthFailure"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
NOTHING = "no local AWS is running and no AWS credentials are set; start one: make up deploy, or name a profile: --profile NAME --stack NAME"
#: How often something is looked at while it is waited for, where calls are free and where they are not (seconds).
LOOK_SECONDS, LOOK_SECONDS_AT_AWS = 0.4, 5.0
ROOT = Path(__file__).resolve().parents[1]
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, inject_host_prefix=False)


def home() -> Path:
    """Where a local AWS says how it is reached, and where the demonstration keeps its data."""
    return Path(os.environ.get("NORIA_HOME", ROOT / ".noria"))


def _local() -> dict[str, str]:
    """The environment by which AWS's own tools find the local AWS that was started here; empty where none was."""
    try:
        lines = (home() / "local.env").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines)


@dataclass
class Session:
    """One stack.

    Args:
        stack: its name.
        profile: a profile of the user's AWS configuration.
        region: over the profile's own.
        endpoint_url: where AWS's services answer, when not at AWS.
    """

    stack: str = "noria"
    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    _environment: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        chosen = self.profile or self.endpoint_url or any(name in os.environ for name in CHOSEN)
        if not chosen:
            self._environment = _local()

    @cached_property
    def _boto(self) -> boto3.session.Session:
        found = self._environment
        try:
            return boto3.session.Session(
                aws_access_key_id=found.get("AWS_ACCESS_KEY_ID"),
                aws_secret_access_key=found.get("AWS_SECRET_ACCESS_KEY"),
                profile_name=self.profile,
                region_name=self.region or found.get("AWS_DEFAULT_REGION"),
            )
        except ProfileNotFound as error:
            raise CredentialsError(f"{error}; the profiles there are: {', '.join(boto3.session.Session().available_profiles) or 'none'}") from error

    @property
    def url(self) -> str | None:
        """Where AWS's services answer, when not at AWS."""
        return self.endpoint_url or self._environment.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL")

    @property
    def look_seconds(self) -> float:
        """How long to wait before looking again."""
        return LOOK_SECONDS if self.url else LOOK_SECONDS_AT_AWS

    def _client(self, service: Any) -> Any:
        if not self._boto.region_name and not (self.profile or self.endpoint_url or any(name in os.environ for name in CHOSEN)):
            raise NoStackError(NOTHING)
        if not self._boto.region_name:
            raise CliError("no region is set; name one: --region eu-central-1, or AWS_DEFAULT_REGION")
        return self._boto.client(service, endpoint_url=self.url, config=CONFIG)

    @property
    def region_name(self) -> str:
        return self._boto.region_name or "us-east-1"

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        client: CloudFormationClient = self._client("cloudformation")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @cached_property
    def sagemaker(self) -> "SageMakerClient":
        client: SageMakerClient = self._client("sagemaker")
        return client

    @cached_property
    def runtime(self) -> "SageMakerRuntimeClient":
        client: SageMakerRuntimeClient = self._client("sagemaker-runtime")
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        client: EventBridgeClient = self._client("events")
        return client

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        client: CloudWatchLogsClient = self._client("logs")
        return client

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        client: CloudWatchClient = self._client("cloudwatch")
        return client

    @cached_property
    def caller(self) -> str:
        """The ARN of whose credentials these are."""
        return str(self._client("sts").get_caller_identity()["Arn"])

    def say(self, source: str, name: str, detail: dict[str, Any]) -> str:
        """Put an event on Noria's bus; its id.

        Raises:
            CliError: the bus refused it.
        """
        entry: Any = {"Source": source, "DetailType": name, "EventBusName": self.outputs["EventBus"], "Detail": json.dumps(detail)}
        answer = self.events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise CliError(f"the bus refused the event: {answer['Entries'][0].get('ErrorMessage')}")
        return answer["Entries"][0]["EventId"]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs.

        Raises:
            NoStackError: there is none of that name; says which there are.
        """
        try:
            stacks = self.cloudformation.describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise NoStackError(f"there is no stack named {self.stack} in {self._where()}; {self._others()}") from error
        found = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
        if not {"LedgerTable", "Prefix"} <= set(found):
            raise NoStackError(
                f"the stack {self.stack} in {self._where()} is {stacks[0]['StackStatus']} and is not, or not yet, a Noria stack; run: make deploy"
            )
        return found

    @property
    def prefix(self) -> str:
        """What the names of everything that is the stack's begin with."""
        return self.outputs["Prefix"]

    def _where(self) -> str:
        return f"{self.region_name} at {self.url or 'AWS'}"

    def _others(self) -> str:
        names = [stack["StackName"] for stack in self.cloudformation.describe_stacks()["Stacks"] if "ParentId" not in stack]
        listed = ", ".join(sorted(names)[:10])
        return f"those there are: {listed}; name yours with --stack" if names else "deploy it: make deploy"


def explained(error: Exception, session: Session) -> CliError:
    """An AWS error as one sentence with what to do."""
    if isinstance(error, EndpointConnectionError) and session.url:
        return NoStackError(f"nothing answers at {session.url}; start the local AWS and deploy to it: make up deploy")
    if isinstance(error, BotoCoreError) and not isinstance(error, NoCredentialsError):
        return CliError(f"AWS cannot be reached: {error}")
    if isinstance(error, NoCredentialsError):
        if session.profile is None and session.endpoint_url is None:
            return NoStackError(NOTHING)
        return CredentialsError("no AWS credentials were found for this profile; run: aws configure, or aws sso login")
    assert isinstance(error, ClientError)
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in EXPIRED or "expired" in message.lower():
        return CredentialsError(f"the AWS credentials have expired ({code}); renew them, for one with: aws sso login --profile {session.profile or 'NAME'}")
    if code in REFUSED:
        return CredentialsError(f"AWS does not accept the credentials ({code}: {message}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile")
    if code in DENIED:
        return CredentialsError(f"the credentials may not do this ({code}: {message})")
    return CliError(f"{error.operation_name} was refused ({code}): {message}")
