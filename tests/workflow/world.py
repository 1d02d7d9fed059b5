"""The services that answer a machine's calls, as one story has them."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.ingestion import Ingestion
from noria.kernel.errors import NoriaError
from noria.tables.source import BytesSource
from noria.training.schema import schema_digest
from scripts.templates import snake_case
from tests.samples import sample
from tests.workflow.functions import FUNCTIONS
from tests.workflow.request_check import check
from tests.workflow.running import Call, Execution, Failure, Interpreter, Json
from tests.workflow.services import PACKAGE, SERVICES

HEADER = "ts,hour,dow,month,tmin,tmax,pn,lag_week,busy"
#: Two hundred hours that keep the contract.
HOURS = [f"2011-{1 + i // 96:02}-{1 + i % 96 // 24:02}T{i % 24:02}:00:00,{i % 24},{i % 7},{1 + i // 96},1.5,9.0,0.0,{i},{i % 2}" for i in range(200)]
TRUTH = ["0", "1"] * 20
WRONG = ["1", "0"] * 20
MOST_NAME = 80
#: Answers of each variant that are captured between two looks.
CAPTURED = 1000
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


def published() -> Json:
    """The spec's document in the ledger."""
    spec: Json = sample("functions/training/plan_run.json")["spec"]
    spec["data"]["min_rows"] = len(HOURS)
    return spec


@dataclass
class World:
    """One story's services.

    Attributes:
        faults: by `machine: state`, what its calls are answered with before they are answered as usual.
        spec: the published document, or nothing.
        upload: the bytes of the uploaded object.
        unable: why the champion's transform fails, where it does.
        processed: how many files the project's own script has left, each like the upload.
        processings: what its job's description says, one look after the other.
        trainings: what a training job's description says, one look after the other.
        answers: of each side to the holdout; the champion's only when there is one.
        smoke: the answers of the version before it takes traffic.
        endpoint: its description, or nothing.
        settles: the statuses that it shows after it was created or updated; the last one stays.
        challenger_errors: its rate; the champion's is 1 %.
        nonsense: what the challenger answers, where that is none by the contract.
        freezes: how many plans meet a freeze of two hours.
        scaled: how the champion's instances follow the traffic.
        scales: whether the endpoint's variants are scalable targets.
        traffic: requests that the challenger answers in each period; the champion answers nine times as many.
        approval: of the version, when its turn has come.
        held: the configuration that the ledger has as the champion's, where it is not the endpoint's.
        stop_request: what somebody has written into the lock of the release under way, from the `stops_at`-th reading of it on.
        stop_alarm: what the lock says of the alarm that stops a release by guardrails.
        waited: the ledger's LOCK and RELEASE# items once a machine has waited for the lock, where they are others.
        waiting: whether a machine waits for an answer.
        by_hand: whether somebody puts another configuration in place while both versions serve.
        weights: of the challenger, as they were set.
        monitored: whether there was a monitoring run before.
        started_at: when it began.
        attempts: the automatic retrainings so far, each without improvement.
        heals: what the spec's heal block says otherwise.
        releases: the ledger's LOCK and RELEASE# items.
        written: keys of the objects that functions wrote.
        overtaken: the configuration that another release puts in place of the one that was asked for.
        goes_back: whether SageMaker, unable to serve the new configuration, went back to the old one.
    """

    interpreter: Interpreter
    faults: dict[str, list[Any]] = field(default_factory=dict)
    spec: Json | None = field(default_factory=published)
    upload: bytes = "\n".join([HEADER, *HOURS, ""]).encode()
    champion: str | None = None
    unable: str | None = None
    processed: int = 1
    processings: tuple[str, ...] = ("Completed",)
    trainings: tuple[str, ...] = ("Completed",)
    answers: dict[str, list[str]] = field(default_factory=lambda: {"candidate": TRUTH, "champion": WRONG})
    smoke: list[str] = field(default_factory=lambda: TRUTH[:5])
    metadata: Json = field(default_factory=lambda: sample("functions/release/plan_rollout.json")["metadata"])
    endpoint: Json | None = None
    settles: tuple[str, ...] = ("Creating", "InService")
    goes_back: bool = False
    overtaken: str | None = None
    challenger_errors: float = 0.01
    nonsense: str | None = None
    freezes: int = 0
    scaled: Json | None = None
    scales: bool = False
    traffic: float = 30_000.0
    approval: str = "Approved"
    held: str | None = None
    stop_request: str | None = None
    stops_at: int = 2
    lock_readings: int = 0
    stop_alarm: Json | None = None
    waited: list[Json] | None = None
    by_hand: bool = False
    waiting: bool = True
    looks: int = 0
    weights: list[float] = field(default_factory=list)
    monitored: bool = True
    started_at: str = "2026-11-02T08:00:00.000Z"
    attempts: list[Json] = field(default_factory=list)
    heals: Json = field(default_factory=dict)
    releases: list[Json] = field(default_factory=lambda: sample("functions/release/plan_rollback.json")["items"])
    written: list[str] = field(default_factory=list)
    executions: dict[str, list[Execution]] = field(default_factory=lambda: defaultdict(list))

    def play(self, machine: str, event: Json) -> Execution:
        execution = self.interpreter.run(machine, event, self.answer)
        self.executions[machine].append(execution)
        return execution

    def answer(self, call: Call) -> Any:
        check(call)
        if script := self.faults.get(f"{call.machine}: {call.state}"):
            answer = script[0] if script[-1] is Ellipsis else script.pop(0)
            if isinstance(answer, Failure):
                raise answer
            return answer
        if call.resource == "lambda:invoke":
            return {"StatusCode": 200, "Payload": self._invoked(call.request["FunctionName"], call.request["Payload"])}
        return SERVICES[call.resource](self, call.request)

    def _invoked(self, function: str, event: Json) -> Json:
        reads = {
            "chunks": lambda bucket, key, *version: iter([self.dataset() if key.endswith(".parquet") else self.upload]),
            "read": self.column,
            "write": lambda *what: self.written.append(what[1]),
            "put": lambda *what: self.written.append(what[1]),
            "keys": lambda bucket, folder, after: (
                [f"{folder}part-{i}.csv" for i in range(self.processed)] if folder.endswith("processed/") else [f"{folder}{self.looks}.jsonl"]
            ),
        }
        if function == "PlanAdmission" and self.freezes:
            self.freezes -= 1
            until = (datetime.fromisoformat(event["now"]) + timedelta(hours=2)).isoformat()
            event["spec"]["approve"]["freeze"] = [{"days": [], "hours": None, "since": None, "until": until}]
        try:
            with patch.multiple(objects, **reads):
                return FUNCTIONS[function](event)
        except NoriaError as error:
            raise Failure(type(error).__name__, json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})) from error

    def dataset(self) -> bytes:
        """The upload as ingestion has curated it."""
        spec = sample("functions/data/judge_dataset.json")["spec"]
        with Ingestion(DataContract.of(spec["data"]), spec["target"]) as ingestion:
            ingestion.read(lambda: BytesSource(self.upload))
            assert ingestion.dataset is not None
            return ingestion.dataset.path.read_bytes()

    def column(self, bucket: str, key: str) -> bytes:
        """A column of the holdout: the truth, a side's predictions, or the version's answers to the smoke rows; or captured answers."""
        if key.endswith(".jsonl"):
            answer = self.nonsense if self.nonsense and "/challenger/" in key else "1"
            output = {"endpointOutput": {"data": f"{answer}\n", "encoding": "CSV"}}
            report = {"captureData": output, "eventMetadata": {"inferenceTime": datetime.now(UTC).isoformat()}}
            return "\n".join([json.dumps(report)] * CAPTURED).encode()
        result = {"truth.csv": TRUTH, "smoke.csv.out": self.smoke}
        return "\n".join(result.get(key.rsplit("/", 1)[1]) or self.answers[key.split("/")[-2]]).encode()

    def read(self, request: Json) -> Json:
        key = request["Key"]["sk"]["S"]
        if key == "CHAMPION":
            config = self.held or (self.endpoint or {}).get("EndpointConfigName", "Stage-bikeshare-before")
            held = {"run": "a4e33cbea049", "spec": "5d41402abc4b", "release": "52f735d4e873", "endpoint": "noria-bikeshare"}
            held |= {
                "time": "2026-11-02T08:00:00.000Z",
                "sagemaker_model": self.champion,
                "package": PACKAGE.replace("/2", "/1"),
                "config": config,
                "endpoint_model": config,
                "approved_at": "0",
            }
            held["autoscale"] = json.dumps(self.scaled)
            facts = {name: {"S": value} for name, value in held.items() if value}
            return {"Item": {**facts, "schema": {"S": schema_digest(self.spec or published())}}} if self.champion else {}
        if key.startswith("DATASET#"):
            return {"Item": {"time": {"S": "2026-11-01T08:00:00.000Z"}}} if self.spec else {}
        if key.startswith("APPROVAL#"):
            waiter = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": key}, "token": {"S": "t" * 30}}
            return {"Item": waiter} if self.waiting else {}
        if key == "LOCK":
            self.lock_readings += 1
            stops = self.stop_request and self.lock_readings >= self.stops_at
            return {"Item": {"holder": {"S": "e"}, **({"stop_request": {"S": self.stop_request}} if stops else {})}}
        assert key.split("#")[0] == "SPEC"
        return {"Item": {"document": {"S": json.dumps(self.spec)}}} if self.spec else {}

    def queried(self, request: Json) -> Json:
        return {"Items": [{"sk": {"S": "bikeshare"}}] if request["KeyConditionExpression"] == "pk = :models" else self.releases}

    def batch(self, request: Json) -> Json:
        """The items of a monitoring run and of an automatic retraining."""
        ((name, requested),) = request["RequestItems"].items()
        assert all(placeholder in requested["ProjectionExpression"] for placeholder in requested.get("ExpressionAttributeNames", {}))
        results = [self._item(key["sk"]["S"]) for key in requested["Keys"]]
        return {"Responses": {name: [item for item in results if item]}, "UnprocessedKeys": {}}

    def _item(self, key: str) -> Json | None:
        heal, kind = sample("functions/healing/decide_healing.json"), key.split("#")[0]
        document: Json | None = {
            "SPEC": {**(self.spec or published()), "heal": {**published()["heal"], **self.heals}},
            "RUN": {"run": "a4e33cbea049", "dataset": "8461379a676e", "quality_baseline": sample("functions/monitoring/judge_window.json")["quality_baseline"]},
            "MONITOR": {"number": 1, "release": "before", "reported": []} if self.monitored else None,
            "HEAL": {"attempts": self.attempts, "attempts_at_escalation": None} if self.attempts else None,
        }.get(kind)
        item: Json = {"pk": {"S": "MODEL#bikeshare"}, "sk": {"S": key}}
        if kind == "CHAMPION":
            return {**item, **self.read({"Key": {"sk": {"S": key}}})["Item"]}
        if kind == "RUN":
            item |= {"status": {"S": "rejected"}, "ended": {"S": "2026-11-02T08:00:00.000Z"}}
        if kind == "MONITOR":
            item |= {"number": {"N": "1"}, "started_at": {"S": self.started_at}, "state": {"S": heal["state"]}}
        return {**item, "document": {"S": json.dumps(document)}} if document else None

    def updated(self, request: Json) -> Json:
        lock = {} if self.stop_alarm is None else {"stop_alarm": {"S": json.dumps(self.stop_alarm)}}
        return {"Attributes": {"spec": {"S": json.dumps(self.spec)}, **lock}}

    def started(self, request: Json) -> Json:
        name = request["Name"]
        assert len(name) <= MOST_NAME
        execution = self.play(snake_case(request["StateMachineArn"].removesuffix("StateMachine")), request["Input"])
        report = {"ExecutionArn": f"arn:aws:states:eu-central-1:123456789012:execution:{name}", "Status": execution.status}
        if execution.status != "SUCCEEDED":
            raise Failure("States.TaskFailed", json.dumps({**report, "Error": execution.error, "Cause": execution.cause}))
        return {**report, "Output": execution.output}

    def described(self, request: Json) -> Json:
        if self.endpoint is None:
            raise Failure("SageMaker.SageMakerException", f'Could not find endpoint "{request["EndpointName"]}".')
        if self.endpoint["EndpointStatus"] == "Deleting":
            report, self.endpoint = self.endpoint, None
            return report
        if self.by_hand and self.looks:
            return {**self.endpoint, "EndpointStatus": "InService", "EndpointConfigName": "by-hand"}
        if len(self.settles) > 1 and self.endpoint.pop("changed", None) is None and self.endpoint["EndpointStatus"] in CHANGING:
            self.settles = self.settles[1:]
            self.endpoint["EndpointStatus"] = self.settles[0]
        return self.endpoint

    def counted(self, request: Json) -> Json:
        """Every look sees one more period of the same traffic, the first of them in the minute after the beginning."""
        self.looks += 1
        began = datetime.fromisoformat(request["StartTime"]).timestamp()
        times = [datetime.fromtimestamp(began + 60 * (i + 1), UTC).isoformat() for i in range(self.looks)]
        whole, rate = self.traffic, self.challenger_errors
        seen = {"champion_requests": 9 * whole, "champion_hits": 0.09 * whole, "challenger_requests": whole, "challenger_hits": rate * whole}
        queries = request["MetricDataQueries"]
        return {
            "MetricDataResults": [{"Id": q["Id"], "Timestamps": times, "Values": [seen.get(q["Id"].rsplit("_", 1)[0], whole)] * self.looks} for q in queries]
        }

    def ended(self, request: Json) -> Json:
        """The release under way has ended, and has told so."""
        self.releases = self.waited or [item for item in self.releases if item["sk"]["S"] != "LOCK"]
        return {"ended": True}

    def weighed(self, request: Json) -> Json:
        self.weights.append(next(entry["DesiredWeight"] for entry in request["DesiredWeightsAndCapacities"] if entry["VariantName"] == "challenger"))
        return {"EndpointArn": "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/e"}

    def deregistered(self, request: Json) -> Json:
        if not self.scales:
            raise Failure("ApplicationAutoScaling.ObjectNotFoundException", f"No scalable target found for resource ID: {request['ResourceId']}")
        return {}

    def deleted(self, request: Json) -> Json:
        assert self.endpoint
        self.endpoint["EndpointStatus"] = "Deleting"
        return {}

    def transformed(self, request: Json) -> Json:
        if self.unable and request["ModelName"] == self.champion:
            raise Failure("States.TaskFailed", json.dumps({"TransformJobStatus": "Failed", "FailureReason": self.unable}))
        return {"TransformJobStatus": "Completed"}

    def described_processing(self, request: Json) -> Json:
        status, *later = self.processings
        self.processings = tuple(later) or (status,)
        return {"ProcessingJobName": request["ProcessingJobName"], "ProcessingJobStatus": status, "ExitMessage": "no rows of this year"}

    def trained(self, request: Json) -> Json:
        status, *later = self.trainings
        self.trainings = tuple(later) or (status,)
        return {
            "TrainingJobName": request["TrainingJobName"],
            "TrainingJobStatus": status,
            **({"FailureReason": "AlgorithmError"} if status == "Failed" else {}),
        }

    def changed(self, request: Json) -> Json:
        before = (self.endpoint or {}).get("EndpointConfigName")
        config = before if self.goes_back else self.overtaken or request["EndpointConfigName"]
        self.endpoint = {"EndpointName": request["EndpointName"], "EndpointConfigName": config, "EndpointStatus": self.settles[0], "changed": True}
        return {"EndpointArn": "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/e"}
