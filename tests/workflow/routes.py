"""The ways through each machine when nothing fails."""

import json
from datetime import UTC, datetime, timedelta

from noria.release import autoscaling
from noria.release.plan_rollout import plan_rollout
from noria.release.stop import stop_alarm
from noria.training.plan_run import plan_run
from tests.samples import sample
from tests.workflow.running import PROCESSING_ROLE, Failure, Json
from tests.workflow.world import TRUTH, WRONG, published

EXISTS = Failure("SageMaker.AmazonSageMakerException", 'Cannot create already existing model "m".')
MADE = Failure("SageMaker.ResourceInUseException", "Job name must be unique within an AWS account and region")
STARTED = Failure("StepFunctions.ExecutionAlreadyExistsException", "Execution Already Exists")
SLOW = Failure("States.Timeout", "")
BUSY = Failure("DynamoDB.ConditionalCheckFailedException", "The conditional request failed")
CANCELED = Failure("DynamoDb.TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons")
LATE = Failure("Sfn.TaskTimedOutException", "Task Timed Out: 'Provided task does not exist anymore'")
WAITER = {"pk": {"S": "ENDPOINT#noria-bikeshare"}, "sk": {"S": "WAIT#e"}, "token": {"S": "t" * 30}}
SERVING = {"EndpointName": "Stage-bikeshare", "EndpointConfigName": "Stage-bikeshare-before", "EndpointStatus": "InService"}


def upload(key: str | None = None) -> Json:
    event = sample("aws/s3-object-created.json")
    event["detail"]["object"]["key"] = key or event["detail"]["object"]["key"]
    return event


def failed(**of_a_restart: Json | str | int) -> Json:
    """An execution that failed; of a restart, with what that adds to the input."""
    event = sample("aws/execution-failed.json")
    event["detail"]["input"] = json.dumps({**json.loads(event["detail"]["input"]), **of_a_restart})
    return event


def request() -> Json:
    return sample("training/TrainingRequested.v1.json")


def registered() -> Json:
    return sample("training/ModelRegistered.v1.json")


def approved() -> Json:
    return sample("aws/model-package-approved.json")


def automatic() -> Json:
    event = approved()
    event["detail"]["CustomerMetadataProperties"]["approved_by"] = "noria:automatic"
    return event


def started(action: str) -> Json:
    """What `rollout` starts `smoke_test` and `deploy` with."""
    plan = plan_rollout(sample("functions/release/plan_rollout.json"))
    if action == "observe":
        return {"model": "bikeshare", "release": plan["release"], "observe": plan["observe"], "correlation_id": "c"}
    if action == "smoke_test":
        return {**plan["smoke_test"], "model": "bikeshare", "release": plan["release"], "correlation_id": "c"}
    return plan["promote"]


def released() -> Json:
    """What `rollout` starts `release` with."""
    event = sample("functions/release/plan_rollout.json")
    event["resources"]["prefix"] = "Stage"
    return {key: value for key, value in event.items() if key not in ("champion", "endpoint")}


def under_way() -> list[Json]:
    """The ledger's items while a release is under way."""
    lock = {"sk": {"S": "LOCK"}, "holder": {"S": "x"}, "expires": {"N": "9999999999"}, "package": {"S": "p"}}
    return [lock, *sample("functions/release/plan_rollback.json")["items"]]


def awaited(stop: bool) -> Json:
    """What `rollback` starts `await_release` with."""
    holder = "holder = :limit"
    request = {"stop": stop, "request": "wrong prices", "limit": "x", "request_if": holder, "wait_while": holder, "seconds": 300}
    return {"model": "bikeshare", **request}


def opened() -> Json:
    """What `release` starts `open_traffic` with, of a release by guardrails."""
    event = sample("functions/release/plan_rollout.json")
    event["spec"]["rollout"]["strategy"] = "canary"
    plan = plan_rollout(event)
    return {"model": "bikeshare", "name": "bikeshare-release", "open": plan["open"], "reset": plan["reset"]}


def alarmed() -> Json:
    return sample("aws/cloudwatch-alarm.json")


def trying() -> Json:
    """An endpoint that champion and challenger share."""
    return {**SERVING, "EndpointConfigName": started("observe")["observe"]["config"]}


def interrupted_rollback() -> Json:
    event = sample("aws/execution-aborted.json")
    event["detail"]["input"] = json.dumps(alarmed())
    return event


def to_begin() -> Json:
    """What `rollout` starts `acquire_lock` with."""
    event = sample("functions/release/plan_admission.json")
    return {key: value for key, value in event.items() if key not in ("spec", "ledger", "now")}


def scaling() -> Json:
    """What `deploy` is started with for an endpoint that follows its traffic."""
    block = {"min": 1, "max": 4, "requests": 600, "out_seconds": 60, "in_seconds": 300}
    return {**started("deploy"), **autoscaling.scaling("Stage-bikeshare", block, None)}


def uncaptured() -> Json:
    """What `observe` is started with where nothing is captured."""
    event = started("observe")
    guard = event["observe"]["guard"]
    return {**event, "observe": {**event["observe"], "capture": None, "guard": {**guard, "metrics": guard["metrics"][:1]}}}


def no_improvement() -> list[Json]:
    """Automatic retrainings of the last hours without improvement."""
    now = datetime.now(UTC)
    return [{"time": (now - timedelta(hours=hours)).isoformat(), "run": f"{hours}" * 12, "dataset": "d", "labelled": 0, "reasons": []} for hours in (3, 2, 1)]


def evaluation() -> Json:
    event = sample("functions/training/plan_evaluation.json")
    del event["champion"]
    return event


def preparing(script: bool) -> Json:
    """What `train` starts `preprocess` with."""
    event = {**sample("functions/training/plan_run.json"), "spec": published()}
    if script:
        block: Json = {
            "entry": "preprocess.py",
            "image": "sklearn",
            "instance": event["spec"]["train"]["instance"],
            "arguments": {"year": 2011},
            "max_minutes": 5,
        }
        event["spec"]["preprocess"]["script"] = block
        event["spec"]["images"]["processing"] = event["spec"]["images"]["training"]
    event["resources"]["processing_role"] = PROCESSING_ROLE
    return {**plan_run(event)["preprocess"], "model": "bikeshare", "run": "a4e33cbea049", "dataset": event["dataset"], "correlation_id": "c"}


def manual() -> Json:
    spec = published()
    return {**spec, "approve": {**spec["approve"], "mode": "manual"}}


def routes() -> dict[str, dict[str, tuple[Json, Json]]]:
    """By machine and route: the event, and how the world differs from the usual one."""
    return {
        "approve": {
            "automatic": (registered(), {}),
            "manual": (registered(), {"spec": manual()}),
            "expired": (registered(), {"spec": manual(), "faults": {"approve: Await approval": [Failure("States.Timeout")]}}),
        },
        "approval_callback": {"waited for": (approved(), {}), "nobody": (approved(), {"waiting": False}), "automatic": (automatic(), {"waiting": False})},
        "deploy": {
            "update": (started("deploy"), {"endpoint": dict(SERVING), "scales": True}),
            "create": (started("deploy"), {}),
            "recreate": (started("deploy"), {"endpoint": {**SERVING, "EndpointStatus": "Failed"}}),
            "again": (started("deploy"), {"faults": {"deploy: Create configuration": [EXISTS, ...]}}),
            "back": ({**started("deploy"), "config": None}, {"endpoint": dict(SERVING)}),
            "trouble": (started("deploy"), {"faults": {"deploy: Describe endpoint": [Failure("SageMaker.SageMakerException", "Internal failure")]}}),
            "gone": (started("deploy"), {"faults": {"deploy: Create endpoint": [{}]}}),
            "slow": (started("deploy"), {"faults": {"deploy: Wait": [SLOW]}}),
            "scaled": (scaling(), {"endpoint": dict(SERVING), "scales": True}),
        },
        "evaluate": {
            "first": (evaluation(), {}),
            "champion": (evaluation(), {"champion": "Stage-bikeshare-before"}),
            "running": (evaluation(), {"trainings": ("InProgress", "Completed")}),
            "failed": (evaluation(), {"trainings": ("Failed",)}),
            "unable": (evaluation(), {"champion": "Stage-bikeshare-before", "unable": "AlgorithmError: exit code 1"}),
            "again": (evaluation(), {"faults": {"evaluate: Create model": [EXISTS, ...]}, "champion": "Stage-bikeshare-before", "unable": "ClientError: gone"}),
        },
        "ingest": {"accepted": (upload(), {}), "quarantined": (upload(), {"upload": b""}), "folder marker": (upload("incoming/bikeshare/"), {})},
        "rollout": {
            "next": (approved(), {"endpoint": dict(SERVING), "champion": "m"}),
            "harmful": (approved(), {"endpoint": dict(SERVING), "champion": "m", "challenger_errors": 0.2}),
            "first": (approved(), {}),
        },
        "acquire_lock": {
            "free": (to_begin(), {}),
            "busy": (to_begin(), {"faults": {"acquire_lock: Take lock": [CANCELED]}}),
            "frozen": (to_begin(), {"freezes": 1}),
        },
        "resume_waiters": {
            "settled": (sample("aws/endpoint-in-service.json"), {"releases": [WAITER]}),
            "late": (
                sample("release/RolloutCompleted.v1.json"),
                {"releases": [WAITER], "faults": {"resume_waiters: Resume": [LATE], "resume_waiters: Forget": [BUSY]}},
            ),
            "nobody": (sample("aws/endpoint-in-service.json"), {"releases": []}),
        },
        "monitor": {
            "ground truth": (sample("aws/s3-truth-created.json"), {"champion": "m"}),
            "requested": (sample("monitoring/MonitoringRequested.v1.json"), {"champion": "m", "monitored": False}),
            "no champion": (sample("monitoring/MonitoringRequested.v1.json"), {}),
            "overtaken": (sample("aws/s3-truth-created.json"), {"champion": "m", "started_at": "9999", "faults": {"monitor: Record monitoring run": [BUSY]}}),
            "overtaken for ever": (sample("aws/s3-truth-created.json"), {"champion": "m", "faults": {"monitor: Record monitoring run": [BUSY, ...]}}),
        },
        "schedule_monitoring": {"hourly": ({}, {})},
        "heal": {
            "retrained": (sample("monitoring/QualityDegraded.v1.json"), {"champion": "m"}),
            "escalated": (sample("monitoring/QualityDegraded.v1.json"), {"champion": "m", "attempts": no_improvement()}),
            "deferred": (sample("monitoring/QualityDegraded.v1.json"), {"champion": "m", "heals": {"min_rows": 100_000}}),
            "ignored": (sample("monitoring/DriftDetected.v1.json"), {"champion": "m"}),
        },
        "recover": {
            "freed": (sample("aws/execution-aborted.json"), {}),
            "rollback": (interrupted_rollback(), {}),
            "let go": (sample("aws/execution-aborted.json"), {"faults": {"recover: Free lock": [BUSY]}}),
        },
        "restart": {
            "first": (failed(), {}),
            "started before": (failed(), {"faults": {"restart: Start execution": [STARTED]}}),
            "given up": (failed(restarts=2), {}),
        },
        "release": {
            "progressive": (released(), {"endpoint": dict(SERVING), "champion": "m"}),
            "undone": (released(), {"endpoint": dict(SERVING), "champion": "m", "challenger_errors": 0.2}),
            "first": (released(), {}),
            "by hand": (released(), {"endpoint": {**SERVING, "EndpointConfigName": "other"}, "champion": "m", "held": "Stage-bikeshare-before"}),
            "by hand meanwhile": (released(), {"endpoint": dict(SERVING), "champion": "m", "by_hand": True}),
        },
        "observe": {
            "promoted": (started("observe"), {"endpoint": trying()}),
            "shifted": (started("observe"), {"endpoint": trying(), "traffic": 1500.0}),
            "undone": (started("observe"), {"endpoint": trying(), "challenger_errors": 0.2}),
            "uncaptured": (uncaptured(), {"endpoint": trying()}),
        },
        "rollback": {
            "alarmed": (alarmed(), {"endpoint": dict(SERVING)}),
            "asked": (sample("release/RollbackRequested.v1.json"), {"endpoint": dict(SERVING)}),
            "refused": (alarmed(), {"releases": []}),
            "under way": (alarmed(), {"endpoint": dict(SERVING), "releases": under_way()}),
            "looked at again": (alarmed(), {"endpoint": dict(SERVING), "releases": under_way(), "faults": {"await_release: Wait for lock": [SLOW]}}),
            "taken": (alarmed(), {"endpoint": dict(SERVING), "faults": {"rollback: Take lock": [BUSY]}}),
            "rejected": (alarmed(), {"endpoint": dict(SERVING), "approval": "Rejected"}),
        },
        "await_release": {
            "stopped": (awaited(stop=True), {"stop_alarm": stop_alarm("Stage", "bikeshare", on=True)}),
            "waited for": (awaited(stop=False), {}),
            "held by another": (awaited(stop=True), {"faults": {"await_release: Request end": [BUSY], "await_release: Wait for lock": [CANCELED]}}),
        },
        "open_traffic": {
            "opened": (opened(), {"endpoint": dict(SERVING)}),
            "asked to end": (opened(), {"endpoint": dict(SERVING), "stop_request": "wrong prices", "stops_at": 1}),
        },
        "put_alarms": {"watched": (sample("release/RolloutCompleted.v1.json"), {})},
        "preprocess": {
            "plain": (preparing(script=False), {}),
            "script": (preparing(script=True), {}),
            "there already": (preparing(script=True), {"faults": {"preprocess: Process dataset": [MADE]}, "processings": ("InProgress", "Completed")}),
            "failed before": (preparing(script=True), {"faults": {"preprocess: Process dataset": [MADE]}, "processings": ("Failed",)}),
        },
        "train": {"registered": (request(), {}), "rejected": (request(), {"answers": {"candidate": WRONG, "champion": TRUTH}})},
        "smoke_test": {"equal": (started("smoke_test"), {}), "again": (started("smoke_test"), {"faults": {"smoke_test: Create model": [EXISTS, ...]}})},
    }
