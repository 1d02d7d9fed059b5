"""Executions of functions at once, on a local AWS whose limit is two: waiting, throttles, reserved concurrency, and the processes that are kept."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.lifecycle import ROOT
from tests.local.aws.conftest import Machines, create_function, create_role, fresh
from tests.local.aws.nested import Stacks, ref
from tests.local.aws.waiting import until

LIMIT, MOST_PROCESSES = 2, 4
#: Longer than an invocation waits for a place (seconds).
TOO_LONG = 14
SLEEPING = """
import os, time

def handler(event, context):
    began = time.time()
    time.sleep(event.get("seconds", 0))
    if "bucket" in event:
        import boto3
        boto3.client("s3").put_object(Bucket=event["bucket"], Key=event["key"], Body=b"ran")
    return {"began": began, "ended": time.time(), "process": os.getpid()}
"""


class LimitedAws:
    """A local AWS of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.functions = self.client("lambda")
        self.role = create_role(self.client("iam"))

    def client(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, max_pool_connections=20)
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.url, aws_access_key_id="test", aws_secret_access_key="test", config=config)

    def function(self) -> str:
        return create_function(self.functions, self.role, SLEEPING, seconds=30)

    def invoke(self, function: str, kind: str = "RequestResponse", **event: Any) -> Any:
        answer = self.functions.invoke(FunctionName=function, InvocationType=kind, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read() or "null")

    def counts(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/_noria/functions") as response:
            return json.load(response)

    def until_running(self, executions: int) -> None:
        until(lambda: self.counts()["running"] == executions)

    def refusal(self, function: str) -> dict[str, Any]:
        """What an invocation that is throttled gets."""
        with pytest.raises(ClientError) as error:
            self.invoke(function)
        return {**error.value.response, "Status": error.value.response["ResponseMetadata"]["HTTPStatusCode"]}


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[LimitedAws]:
    environment = {**os.environ, "NORIA_HOME": str(tmp_path_factory.mktemp("limited")), "NORIA_CONCURRENCY": str(LIMIT)}
    command = partial(subprocess.run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    started = command([sys.executable, "-m", "cli.app", "up", "--json"])
    try:
        yield LimitedAws(json.loads(started.stdout)["endpoint_url"])
    finally:
        command([sys.executable, "-m", "cli.app", "down"])


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as executor:
        yield executor


@pytest.fixture
def bucket(aws) -> str:
    name = fresh()
    aws.client("s3").create_bucket(Bucket=name)
    return name


def keys(aws: LimitedAws, bucket: str) -> set[str]:
    return {item["Key"] for item in aws.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])}


def most_at_once(runs: list[dict[str, float]]) -> int:
    return max(sum(other["began"] <= run["began"] < other["ended"] for other in runs) for run in runs)


def test_the_limit_is_what_the_variable_says_and_can_be_asked_for(aws):
    assert aws.functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == LIMIT
    assert aws.counts().items() >= {"limit": LIMIT, "most_processes": MOST_PROCESSES}.items()


def test_no_more_run_at_once_than_the_limit_and_the_others_wait_for_their_turn(aws, pool):
    function = aws.function()
    runs = [call.result() for call in [pool.submit(aws.invoke, function, seconds=0.4) for _ in range(8)]]
    assert most_at_once(runs) == LIMIT
    assert aws.counts()["running"] == 0


def test_what_finds_no_place_in_time_is_throttled_and_what_was_asynchronous_runs_later(aws, pool, bucket):
    """GIVEN every place taken for long THEN a caller gets AWS's error, and an event is not lost."""
    function = aws.function()
    held = [pool.submit(aws.invoke, function, seconds=TOO_LONG) for _ in range(LIMIT)]
    aws.until_running(LIMIT)
    aws.invoke(function, "Event", bucket=bucket, key="later")
    refusal = aws.refusal(function)
    assert (refusal["Status"], refusal["Error"]) == (429, {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."})
    assert (refusal["Reason"], refusal["Type"]) == ("ConcurrentInvocationLimitExceeded", "User")
    assert not keys(aws, bucket)
    for call in held:
        call.result()
    until(lambda: keys(aws, bucket) == {"later"}, 30)


def test_processes_are_bounded_and_those_used_least_recently_end(aws):
    functions = [aws.function() for _ in range(MOST_PROCESSES + 2)]
    processes = [aws.invoke(function)["process"] for function in functions]
    assert aws.counts()["processes"] == MOST_PROCESSES
    assert aws.invoke(functions[-MOST_PROCESSES])["process"] == processes[-MOST_PROCESSES]
    assert aws.invoke(functions[0])["process"] != processes[0]
    assert aws.invoke(functions[-1])["process"] == processes[-1]
    assert aws.counts()["processes"] == MOST_PROCESSES


def test_a_functions_reserved_concurrency_is_its_own_limit_in_every_version(aws, pool):
    function = aws.function()
    aws.functions.publish_version(FunctionName=function)
    aws.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    held = pool.submit(aws.invoke, function, seconds=3)
    aws.until_running(1)
    for name in (function, f"{function}:1"):
        refusal = aws.refusal(name)
        assert (refusal["Status"], refusal["Error"]["Code"]) == (429, "TooManyRequestsException")
        assert refusal["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    # Both were throttled at once, and another function has a place.
    assert not held.done()
    assert aws.invoke(aws.function())
    held.result()


def test_a_function_that_has_none_reserved_for_it_never_runs(aws):
    function = aws.function()
    aws.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    assert aws.refusal(function)["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    aws.functions.delete_function_concurrency(FunctionName=function)
    assert aws.invoke(function)


def test_every_asynchronous_invocation_of_a_throttled_function_runs_in_the_end(aws, bucket):
    function = aws.function()
    aws.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    for number in range(4):
        aws.invoke(function, "Event", seconds=0.6, bucket=bucket, key=str(number))
    until(lambda: keys(aws, bucket) == set("0123"), 60)


def test_a_machine_sees_the_throttle_by_its_name_and_tries_again(aws, pool):
    function, machines = aws.function(), Machines(aws.client("stepfunctions"), aws.role)
    aws.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    held = pool.submit(aws.invoke, function, seconds=3)
    aws.until_running(1)
    ended = machines.run(f"""
StartAt: Work
States:
  Work:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {{FunctionName: {function}, Payload: {{}}}}
    Retry: [{{ErrorEquals: [Lambda.TooManyRequestsException], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 20}}]
    End: true
""")
    held.result()
    assert ended.status == "SUCCEEDED"
    failures = [event["taskFailedEventDetails"] for event in machines.history(ended.arn, "TaskFailed")]
    assert {failure["error"] for failure in failures} == {"Lambda.TooManyRequestsException"}
    assert "Error Code: TooManyRequestsException" in failures[0]["cause"]


def test_a_template_reserves_concurrency_and_gives_it_back(aws):
    stacks, name = Stacks(aws.client), fresh()
    code = {"ZipFile": "def handler(event, context): ..."}
    properties = {"Runtime": "python3.13", "Handler": "index.handler", "Role": aws.role, "Code": code}

    def template(**more: Any) -> dict[str, Any]:
        return {"Function": {"Type": "AWS::Lambda::Function", "Properties": {**properties, **more}}}

    stacks.create(name, template(ReservedConcurrentExecutions=1), {"Name": ref("Function")})
    function = stacks.outputs(name)["Name"]
    assert aws.functions.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"] == 1
    stacks.update(name, template(ReservedConcurrentExecutions=0), {"Name": ref("Function")})
    assert aws.functions.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"] == 0
    stacks.update(name, template(), {"Name": ref("Function")})
    assert "ReservedConcurrentExecutions" not in aws.functions.get_function_concurrency(FunctionName=function)
