"""Memory of the local AWS, its whole process tree: short executions under many roles, then endpoints of which few are asked.

`NORIA_BENCH_CHECKOUT` names another checkout of the product to measure, with its own `.noria/envs`, `.noria/images` and `.noria/uv`.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bench.results import ROOT, Result
from local import usage

ROLES, EXECUTIONS, ENDPOINTS, ACTIVE = 200, 2000, 50, 3
AIM_MB = 1000
SPEED = 60
#: Model servers that start at once, and executions that run at once.
STARTS, RUNS = 4, 20
LIMIT_SECONDS = 1800.0
#: A server without requests has ended after this long at `SPEED`; the servers that are asked get a request each second.
IDLE_SECONDS = 45.0
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
INFERENCE = """
from sklearn.linear_model import LinearRegression
def model_fn(folder):
    return LinearRegression().fit([[0.0, 0.0], [1.0, 1.0]], [0.0, 2.0])
"""
Json = dict[str, Any]


def measure() -> Result:
    """Megabytes at the end, against the aim."""
    checkout = Path(os.environ.get("NORIA_BENCH_CHECKOUT", ROOT))
    roles, executions, endpoints = (int(os.environ.get(f"NORIA_BENCH_{name}", count)) for name, count in SIZES.items())
    parts: Json = {"checkout": checkout.name, "size": f"{executions} executions under {roles} roles, {endpoints} endpoints of which {ACTIVE} are asked"}
    with _running(checkout) as aws:
        parts["after the start"] = aws.describe_usage()
        aws.execute(roles, executions)
        parts["after the executions"] = aws.describe_usage()
        names = aws.serve(endpoints)
        parts["when the last endpoint came into service"] = aws.describe_usage()
        aws.ask(names[:ACTIVE], IDLE_SECONDS)
        total, parts["after the idle time, three asked meanwhile"] = aws.megabytes(), aws.describe_usage()
        parts["first request of an endpoint that was not asked before"] = f"{aws.first_request(names[-1]):.2f} s"
    return Result("memory", total, AIM_MB, "MB", "proportional set size of the local AWS and every process of it", parts)


SIZES = {"ROLES": ROLES, "EXECUTIONS": EXECUTIONS, "ENDPOINTS": ENDPOINTS}


class LocalAws:
    """A local AWS in a home of its own."""

    def __init__(self, url: str, pid: int) -> None:
        self._url, self._pid = url, pid

    def megabytes(self) -> float:
        return usage.of(usage.session(self._pid)).memory_mb

    def describe_usage(self) -> str:
        now = usage.of(usage.session(self._pid))
        return f"{now.memory_mb:,.0f} MB ({now.measure}) in {now.processes} processes"

    def client(self, api: str) -> Any:
        return boto3.client(
            api,  # type: ignore[call-overload]  # the service's name is data here
            endpoint_url=self._url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(inject_host_prefix=False, max_pool_connections=50, retries={"total_max_attempts": 1}),
        )

    def execute(self, roles: int, executions: int) -> None:
        """Run executions of one state machine a role, in turns; each calls DynamoDB and SQS.

        Raises:
            RuntimeError: one did not succeed.
        """
        states = self.client("stepfunctions")
        self.client("dynamodb").create_table(
            TableName="items",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        queue = self.client("sqs").create_queue(QueueName="items")["QueueUrl"]
        machines = [
            states.create_state_machine(name=f"machine-{number}", definition=json.dumps(_definition(queue)), roleArn=self._role(f"role-{number}", "states"))
            for number in range(roles)
        ]

        def run(number: int) -> str:
            started = states.start_execution(stateMachineArn=machines[number % roles]["stateMachineArn"], input="{}")
            return _until(lambda: _ended(states.describe_execution(executionArn=started["executionArn"])))

        with ThreadPoolExecutor(RUNS) as pool:
            statuses = list(pool.map(run, range(executions)))
        if failed := [status for status in statuses if status != "SUCCEEDED"]:
            raise RuntimeError(f"{len(failed)} of {executions} executions did not succeed: {failed[0]}")

    def serve(self, endpoints: int) -> list[str]:
        """Create endpoints of one small scikit-learn model; all of them are in service.

        Raises:
            RuntimeError: one failed, with its reason.
        """
        s3, sagemaker = self.client("s3"), self.client("sagemaker")
        s3.create_bucket(Bucket="models")
        s3.put_object(Bucket="models", Key="model.tar.gz", Body=_archive())
        container = {"Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz", "Environment": {"SAGEMAKER_PROGRAM": "inference.py"}}
        sagemaker.create_model(ModelName="model", ExecutionRoleArn=self._role("serving", "sagemaker"), PrimaryContainer=container)
        variant = {"VariantName": "main", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": 1.0}
        sagemaker.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[variant])

        def create(number: int) -> str:
            name = f"endpoint-{number}"
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="config")
            settled = _until(lambda: _settled(sagemaker.describe_endpoint(EndpointName=name)))
            if settled["EndpointStatus"] != "InService":
                raise RuntimeError(f"{name} is {settled['EndpointStatus']}: {settled.get('FailureReason')}")
            return name

        with ThreadPoolExecutor(STARTS) as pool:
            return list(pool.map(create, range(endpoints)))

    def ask(self, endpoints: list[str], seconds: float) -> None:
        """A request to each of some endpoints once a second."""
        runtime, ends = self.client("sagemaker-runtime"), time.monotonic() + seconds
        while time.monotonic() < ends:
            for name in endpoints:
                runtime.invoke_endpoint(EndpointName=name, Body="1.0,1.0\n2.0,2.0\n", ContentType="text/csv")["Body"].read()
            time.sleep(1.0)

    def first_request(self, endpoint: str) -> float:
        """How long one request takes (seconds)."""
        began = time.perf_counter()
        self.ask([endpoint], 0.001)
        return time.perf_counter() - began - 1.0

    def _role(self, name: str, service: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
        allowed = {"Effect": "Allow", "Action": ["dynamodb:PutItem", "logs:*", "s3:GetObject", "sqs:SendMessage"], "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="allow", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
        return arn


@contextmanager
def _running(checkout: Path) -> Iterator[LocalAws]:
    """A checkout's local AWS, ended at last."""
    home = ROOT / ".noria" / "bench" / f"memory-{checkout.name}"
    paths = os.pathsep.join(map(str, (checkout, checkout / "layers" / "core")))
    environment = {**os.environ, "NORIA_HOME": str(home), "PYTHONPATH": paths}
    command = [sys.executable, "-m", "cli.app"]
    home.mkdir(parents=True, exist_ok=True)
    try:
        started = subprocess.run([*command, "up", "--speed", str(SPEED), "--json"], cwd=checkout, env=environment, capture_output=True, text=True, check=True)
        yield LocalAws(json.loads(started.stdout)["endpoint_url"], int((home / "local.pid").read_text()))
    finally:
        subprocess.run([*command, "down"], cwd=checkout, env=environment, capture_output=True, check=True)


def _definition(queue: str) -> Json:
    put = {"TableName": "items", "Item": {"pk": {"S": "{% $states.context.Execution.Name %}"}}}
    send = {"QueueUrl": queue, "MessageBody": "{% $states.context.Execution.Name %}"}
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Put",
        "States": {
            "Put": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Arguments": put, "Next": "Send"},
            "Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": send, "End": True},
        },
    }


def _archive() -> bytes:
    buffer, body = io.BytesIO(), INFERENCE.encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(body)
        tar.addfile(entry, io.BytesIO(body))
    return buffer.getvalue()


def _ended(execution: Json) -> str | None:
    return None if execution["status"] == "RUNNING" else str(execution["status"])


def _settled(endpoint: Json) -> Json | None:
    return None if endpoint["EndpointStatus"].endswith("ing") else endpoint


def _until[T](look: Callable[[], T | None]) -> T:
    ends = time.monotonic() + LIMIT_SECONDS
    while (seen := look()) is None:
        if time.monotonic() > ends:
            raise TimeoutError("nothing within half an hour")
        time.sleep(0.1)
    return seen
