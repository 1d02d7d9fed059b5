"""Buckets, roles, jobs, models and endpoints on the local SageMaker."""

import io
import json
import tarfile
import textwrap
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.local.aws.waiting import until
from tests.local.sagemaker.inference import MODEL_FN

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
SAGEMAKER = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ENDED = ("Completed", "Failed", "Stopped")
#: A model that says twice the first column; only `model_fn` is the user's.
FIT = """
import joblib, numpy, os
from sklearn.linear_model import LinearRegression
x = numpy.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
joblib.dump(LinearRegression().fit(x, 2 * x[:, 0]), os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""
Json = dict[str, Any]


def fresh() -> str:
    return f"t{uuid.uuid4().hex[:10]}"


def packed(files: dict[str, str | bytes]) -> bytes:
    """A gzipped tarball of files by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            body = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return buffer.getvalue()


def unpacked(archive: bytes) -> dict[str, bytes]:
    """What `packed` was given."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isfile()}  # type: ignore[union-attr]


@dataclass(frozen=True)
class Bucket:
    """One bucket, by whole URIs."""

    s3: Any
    name: str

    def put(self, body: bytes | str, key: str = "") -> str:
        key = key or fresh()
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)
        return f"s3://{self.name}/{key}"

    def get(self, uri: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.name, Key=uri.removeprefix(f"s3://{self.name}/"))["Body"].read()
        return body

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])]


@pytest.fixture(scope="session")
def bucket(client) -> Bucket:
    s3, name = client("s3"), fresh()
    s3.create_bucket(Bucket=name)
    return Bucket(s3, name)


@pytest.fixture(scope="session")
def make_role(client) -> Callable[..., str]:
    """Makes a role that SageMaker may take: `make_role(statement, …)`; one that may do everything when none is given."""
    iam = client("iam")

    def create_role(*statements: Json, trust: Json = SAGEMAKER) -> str:
        name = fresh()
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": list(statements) or [EVERYTHING]}
        iam.put_role_policy(RoleName=name, PolicyName="does", PolicyDocument=json.dumps(policy))
        return arn

    return create_role


@pytest.fixture(scope="session")
def role(make_role) -> str:
    return make_role()


@pytest.fixture(scope="session")
def sagemaker(client) -> Any:
    return client("sagemaker")


def channel(name: str, uri: str, **more: Any) -> Json:
    """A channel of a training job."""
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}, **more}


def secondaries(described: Json) -> list[str]:
    """The secondary statuses of a training job, in their order."""
    return [transition["Status"] for transition in described["SecondaryStatusTransitions"]]


@dataclass(frozen=True)
class Jobs:
    """Training jobs of one script each."""

    sagemaker: Any
    logs: Any
    bucket: Bucket
    role: str

    def start(self, script: str = "", hyperparameters: dict[str, str] | None = None, files: dict[str, str] | None = None, **request: Any) -> str:
        """The name of a job that runs `script` as `train.py`."""
        source = self.bucket.put(packed({"train.py": script, **(files or {})}))
        job = fresh()
        defaults = {
            "TrainingJobName": job,
            "RoleArn": self.role,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {"sagemaker_program": "train.py", "sagemaker_submit_directory": source, **(hyperparameters or {})},
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket.name}/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }
        self.sagemaker.create_training_job(**defaults | request)
        return job

    def ended(self, job: str) -> Json:
        """Its description, once it has ended."""
        return until(lambda: described if (described := self.described(job))["TrainingJobStatus"] in ENDED else None, 60)

    def described(self, job: str) -> Json:
        described: Json = self.sagemaker.describe_training_job(TrainingJobName=job)
        return described

    def run(self, script: str = "", **members: Any) -> Json:
        return self.ended(self.start(script, **members))

    def lines(self, job: str) -> list[str]:
        """What it has logged so far."""
        return log_lines(self.logs, "/aws/sagemaker/TrainingJobs", f"{job}/")


def log_lines(logs: Any, group: str, prefix: str) -> list[str]:
    """The lines of every stream whose name starts so."""
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
    answers = [logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True) for stream in streams]
    return [event["message"] for answer in answers for event in answer["events"]]


@pytest.fixture(scope="session")
def jobs(client, sagemaker, bucket, role) -> Jobs:
    return Jobs(sagemaker, client("logs"), bucket, role)


@pytest.fixture(scope="session")
def weights(jobs, bucket) -> bytes:
    """A fitted scikit-learn model, `model.joblib`, by a training job."""
    ended = jobs.run(FIT)
    assert ended["TrainingJobStatus"] == "Completed", ended.get("FailureReason")
    return unpacked(bucket.get(ended["ModelArtifacts"]["S3ModelArtifacts"]))["model.joblib"]


@dataclass(frozen=True)
class Endpoints:
    """Models, configurations and endpoints."""

    sagemaker: Any
    runtime: Any
    bucket: Bucket
    role: str
    weights: bytes

    def model(self, inference: str = MODEL_FN) -> str:
        """The name of a model with this `inference.py`."""
        name = fresh()
        container = {
            "Image": IMAGE,
            "ModelDataUrl": self.bucket.put(packed({"model.joblib": self.weights, "code/inference.py": inference})),
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        }
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=self.role)
        return name

    def config(self, **variants: tuple[str, float]) -> str:
        """The name of a configuration: variant → model and weight."""
        name = fresh()
        declared = [
            {"VariantName": variant, "ModelName": model, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": weight}
            for variant, (model, weight) in variants.items()
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=declared)
        return name

    def create(self, config: str) -> str:
        name = fresh()
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return name

    def described(self, name: str) -> Json:
        described: Json = self.sagemaker.describe_endpoint(EndpointName=name)
        return described

    def settled(self, name: str) -> Json:
        """Its description, once nothing is under way."""
        return until(lambda: described if not (described := self.described(name))["EndpointStatus"].endswith("ing") else None, 60)

    def ask(self, name: str, body: bytes | str, content_type: str = "text/csv", accept: str = "application/json", **request: Any) -> Json:
        """The answer, its body read."""
        answer = self.runtime.invoke_endpoint(EndpointName=name, Body=body, ContentType=content_type, Accept=accept, **request)
        return {**answer, "Body": answer["Body"].read()}


@pytest.fixture(scope="session")
def endpoints(client, sagemaker, bucket, role, weights) -> Endpoints:
    return Endpoints(sagemaker, client("sagemaker-runtime"), bucket, role, weights)


@pytest.fixture(scope="session")
def served(endpoints) -> str:
    """An endpoint in service: a model of which only `model_fn` is the user's."""
    name = endpoints.create(endpoints.config(only=(endpoints.model(), 1.0)))
    described = endpoints.settled(name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return name


@dataclass(frozen=True)
class Listener:
    """A queue behind a rule."""

    sqs: Any
    url: str
    heard: list[Json]

    def details(self) -> list[Json]:
        """The details of all events so far."""
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            self.heard.extend(json.loads(message["Body"]) for message in messages)
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [event["detail"] for event in self.heard]


@pytest.fixture
def listen(client) -> Iterator[Callable[[str, Json], Listener]]:
    """Listens on the default bus: `listen("SageMaker … State Change", {"Name": [...]})`."""
    events, sqs = client("events"), client("sqs")
    rules: list[str] = []

    def add_rule(detail_type: str, detail: Json) -> Listener:
        name = fresh()
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["aws.sagemaker"], "detail-type": [detail_type], "detail": detail}
        rule = events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
        allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        rules.append(name)
        return Listener(sqs, url, [])

    yield add_rule
    for name in rules:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)
