"""Every request that a function can return, against AWS's own service model."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from noria.data.judge_dataset import judge_dataset
from noria.healing.announce_healing import announce_healing
from noria.monitoring.judge_window import judge_window
from noria.release.admission import plan_admission
from noria.release.alarms import plan_alarms
from noria.release.analysis import weigh_traffic
from noria.release.conclude_rollback import conclude_rollback
from noria.release.conclude_rollout import conclude_rollout
from noria.release.decide_approval import decide_approval
from noria.release.plan_rollback import plan_rollback
from noria.release.plan_rollout import plan_rollout
from noria.release.strategies import STRATEGIES
from noria.training.conclude_run import conclude_run
from noria.training.plan_evaluation import plan_evaluation
from noria.training.plan_run import plan_run
from tests.samples import sample

SESSION = botocore.session.get_session()


def as_put_object(request: dict[str, Any]) -> dict[str, Any]:
    """Step Functions turns an object into the text of a body."""
    return {**request, "Body": b""}


def as_put_events(entry: dict[str, Any]) -> dict[str, Any]:
    """Step Functions turns an object into the text of a detail."""
    return {"Entries": [{**entry, "Detail": ""}]}


def requests() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Service, operation and request of everything that the functions answer to their samples."""
    judged = judge_dataset(sample("functions/data/judge_dataset.json"))
    for copy in judged["copies"]:
        yield "s3", "CopyObject", copy
    yield "s3", "PutObject", as_put_object(judged["report"])
    yield "dynamodb", "PutItem", judged["record"]
    yield "events", "PutEvents", as_put_events(judged["entry"])
    run_event = sample("functions/training/plan_run.json")
    for spot in (False, True):
        run_event["spec"]["train"]["instance"]["spot"] = spot
        planned = plan_run(run_event)
        yield "sagemaker", "CreateTrainingJob", planned["training"]
    yield "sagemaker", "CreateModel", planned["candidate"]["request"]
    script = {"entry": "preprocess.py", "image": "sklearn", "instance": run_event["spec"]["train"]["instance"], "arguments": {"year": 2011}, "max_minutes": 5}
    run_event["spec"]["preprocess"] = {"script": script, "columns": {"tmin": {}}, "lags": []}
    run_event["spec"]["images"] |= {"processing": "i", "preprocess": "i"}
    planned = plan_run(run_event)
    yield "sagemaker", "CreateProcessingJob", planned["preprocess"]["processing"]
    yield "sagemaker", "CreateModel", planned["candidate"]["request"]
    for transform in plan_evaluation(sample("functions/training/plan_evaluation.json"))["transforms"]:
        yield "sagemaker", "CreateTransformJob", transform["request"]
    concluded = conclude_run(sample("functions/training/conclude_run.json"))
    yield "sagemaker", "CreateModelPackage", concluded["registration"]
    yield "dynamodb", "UpdateItem", concluded["record"]
    yield "events", "PutEvents", as_put_events(concluded["entry"])
    yield "sagemaker", "UpdateModelPackage", decide_approval(sample("functions/release/decide_approval.json"))["request"]
    request = sample("functions/release/decide_approval.json")
    request["spec"]["approve"]["mode"] = "manual"
    yield "sns", "Publish", decide_approval(request)["notice"]
    yield "sagemaker", "UpdateModelPackage", decide_approval(request)["expiry"]
    rollout = plan_rollout(sample("functions/release/plan_rollout.json"))
    yield "sagemaker", "CreateModel", rollout["smoke_test"]["create_model"]
    yield "sagemaker", "CreateTransformJob", rollout["smoke_test"]["transform"]
    for strategy in STRATEGIES:
        event = sample("functions/release/plan_rollout.json")
        event["spec"]["rollout"]["strategy"] = strategy
        event["spec"]["rollout"]["guard"] |= {
            "slow": {"over_ms": 300.0, "harm": 1.0, "margin": 1.25, "tolerated": 0.01},
            "metrics": [{"name": "sold", "namespace": "Shop", "good": True, "harm": 1.0, "margin": 1.1, "tolerated": None}],
        }
        rollout = plan_rollout(event)
        for deploy in (rollout["open"], rollout["promote"], rollout["undo"]):
            yield "sagemaker", "CreateEndpointConfig", deploy["config"]
            yield "sagemaker", "CreateEndpoint", deploy["create"]
            yield "sagemaker", "UpdateEndpoint", deploy["update"]
        if rollout["observe"]:
            yield "cloudwatch", "GetMetricData", {"MetricDataQueries": rollout["observe"]["counters"], "StartTime": 0, "EndTime": 1}
    scaled = sample("functions/release/plan_rollout.json")
    scaled["spec"]["serve"] |= {
        "autoscale": {"min": 1, "max": 4, "requests": 600.0, "out_seconds": 60, "in_seconds": 300},
        "instance": ["ml.m5.large", "ml.c5.large"],
    }
    last = plan_rollout(scaled)["promote"]
    yield "sagemaker", "CreateEndpointConfig", last["config"]
    yield "application-autoscaling", "DeregisterScalableTarget", last["pause"][0]
    yield "application-autoscaling", "RegisterScalableTarget", last["resume"][0]["register"]
    yield "application-autoscaling", "PutScalingPolicy", last["resume"][0]["follow"]
    admission = plan_admission(sample("functions/release/plan_admission.json"))
    yield "dynamodb", "TransactWriteItems", admission["transaction"]
    yield "events", "PutEvents", as_put_events(admission["entry"])
    frozen = sample("functions/release/plan_admission.json")
    frozen["spec"]["approve"]["freeze"] = [{"days": [], "hours": "00:00-23:59", "since": None, "until": None}]
    yield "dynamodb", "PutItem", plan_admission(frozen)["record"]
    yield "sagemaker", "UpdateEndpointWeightsAndCapacities", weigh_traffic(sample("functions/release/weigh_traffic.json"))["request"]
    for alarm in plan_alarms(sample("functions/release/plan_alarms.json"))["alarms"]:
        yield "cloudwatch", "PutMetricAlarm", alarm
    rollback = plan_rollback(sample("functions/release/plan_rollback.json"))["deploy"]
    yield "sagemaker", "UpdateEndpoint", rollback["update"]
    restored = conclude_rollback(sample("functions/release/conclude_rollback.json"))
    yield "dynamodb", "TransactWriteItems", restored["record"]
    yield "events", "PutEvents", as_put_events(restored["entry"])
    look = judge_window(sample("functions/monitoring/judge_window.json"))
    yield "dynamodb", "PutItem", look["record"]
    yield "cloudwatch", "PutMetricData", look["metrics"]
    for entry in look["entries"]:
        yield "events", "PutEvents", as_put_events(entry)
    healing = announce_healing(sample("functions/healing/announce_healing.json"))
    yield "dynamodb", "TransactWriteItems", healing["transaction"]
    yield "events", "PutEvents", as_put_events(healing["entry"])
    done = conclude_rollout(sample("functions/release/conclude_rollout.json"))
    yield "dynamodb", "TransactWriteItems", done["record"]
    yield "events", "PutEvents", as_put_events(done["entries"][0])


@pytest.mark.parametrize(("service", "operation", "request_"), list(requests()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_request_has_the_shape_that_aws_documents(service, operation, request_):
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(request_, shape)
    assert not report.has_errors(), report.generate_report()


def test_names_made_of_the_longest_parts_keep_to_the_limits():
    event = sample("functions/training/plan_run.json")
    event["model"] = "m" * 24
    event["resources"]["prefix"] = "s" * 15
    name = plan_run(event)["training"]["TrainingJobName"]
    assert len(f"{name}-candidate") <= 63
    event = sample("functions/release/plan_rollout.json")
    event["model"], event["resources"]["prefix"] = "m" * 24, "s" * 15
    assert len(plan_rollout({**event, "champion": None})["smoke_test"]["transform"]["TransformJobName"]) <= 63
