"""How a run and a rollback are recorded and announced: the ledger's items, the registry's request and the events."""

import json

import pytest

from noria.release.conclude_rollback import conclude_rollback
from noria.release.plan_rollback import plan_rollback
from noria.training.conclude_run import conclude_run
from tests.samples import sample

VERSION = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/noria-bikeshare/"


def concluded(failure=None, evaluation=..., **changed):
    event = {**sample("functions/training/conclude_run.json"), **changed}
    if evaluation is not ...:
        event["evaluation"] = evaluation
    return conclude_run({**event, "failure": failure})


def test_a_registered_version_says_what_it_was_trained_on_and_how_it_is_served():
    event = sample("functions/training/conclude_run.json")
    registration = concluded()["registration"]
    specification = registration["InferenceSpecification"]
    assert specification["SupportedContentTypes"] == specification["SupportedResponseMIMETypes"] == ["text/csv"]
    assert specification["SupportedRealtimeInferenceInstanceTypes"] == ["ml.m5.large"]
    assert registration["ClientToken"] == event["run"]
    metadata = registration["CustomerMetadataProperties"]
    assert metadata["holdout_rows"] == str(event["evaluation"]["rows"])
    assert metadata["holdout_accuracy"] == f"{event['evaluation']['candidate']['accuracy']:.6f}"
    assert all(len(value) <= 256 for value in metadata.values())
    folder = f"s3://noria-artifacts/{event['folder']}"
    assert registration["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"] == f"{folder}evaluation.json"


def test_a_long_value_is_cut_to_what_the_registry_takes():
    metadata = concluded(digest="d" * 300)["registration"]["CustomerMetadataProperties"]
    assert metadata["data_digest"] == "d" * 256


def test_the_baselines_of_a_version_are_those_of_its_dataset():
    baselines = concluded(source={"bucket": "lake", "key": "curated/m/d/data.csv"})["registration"]["DriftCheckBaselines"]
    quality = baselines["ModelDataQuality"]
    assert (quality["Statistics"]["S3Uri"], quality["Constraints"]["S3Uri"]) == ("s3://lake/curated/m/d/data.profile", "s3://lake/curated/m/d/blocks.profile")


def test_a_run_without_an_evaluation_has_failed_and_has_no_figures():
    answer = concluded(evaluation=None)
    data = answer["entry"]["Detail"]["data"]
    assert (answer["outcome"], answer["registration"], answer["entry"]["DetailType"]) == ("failed", None, "TrainingFailed")
    assert (data["metrics"], data["champion"], data["rows"], data["quality_baseline"]) == (None, None, None, None)
    assert answer["verdict"]["reasons"][0]["code"] == "States.Runtime"


def test_a_failure_counts_even_where_there_is_an_evaluation():
    assert concluded(failure={"Error": "States.Timeout", "Cause": "late"})["outcome"] == "failed"


@pytest.mark.parametrize(
    ("cause", "failed_at", "stage"),
    [
        ("TrainingNotCompleted: Failed", "evaluate", "train"),
        ("no answer", "evaluate", "evaluate"),
        ("no answer", None, None),
    ],
)
def test_the_stage_that_failed_is_on_record(cause, failed_at, stage):
    data = concluded(failure={"Error": "E", "Cause": cause}, evaluation=None, failed_at=failed_at)["entry"]["Detail"]["data"]
    assert data["failed_at"] == stage


@pytest.mark.parametrize(
    ("cause", "seconds"),
    [(json.dumps({"BillableTimeInSeconds": 41}), 41), (json.dumps({"Other": 1}), None), (json.dumps([1]), None), ("words", None)],
)
def test_what_a_failed_job_was_billed_for_is_on_record_where_it_says_so(cause, seconds):
    data = concluded(failure={"Error": "E", "Cause": cause}, evaluation=None, train_seconds=None)["entry"]["Detail"]["data"]
    assert data["train_seconds"] == seconds
    assert concluded(failure={"Error": "E", "Cause": cause}, evaluation=None, train_seconds=7)["entry"]["Detail"]["data"]["train_seconds"] == 7


def test_a_job_that_ran_into_its_limit_names_the_limit():
    cause = json.dumps({"SecondaryStatus": "MaxRuntimeExceeded", "StoppingCondition": {"MaxRuntimeInSeconds": 90}})
    (reason,) = concluded(failure={"Error": "States.TaskFailed", "Cause": cause}, evaluation=None)["verdict"]["reasons"]
    assert reason["text"] == "the training job ran into its limit of 90 s (train.max_minutes)"
    other = json.dumps({"SecondaryStatus": "Failed", "FailureReason": "boom"})
    assert concluded(failure={"Error": "E", "Cause": other}, evaluation=None)["verdict"]["reasons"][0]["text"] == "boom"


def test_the_record_of_a_run_has_its_outcome_and_the_importance_apart():
    record = concluded()["record"]
    values = record["ExpressionAttributeValues"]
    assert (values[":status"], record["Key"]["sk"]) == ({"S": "registered"}, {"S": f"RUN#{sample('functions/training/conclude_run.json')['run']}"})
    assert json.loads(concluded(evaluation=None)["record"]["ExpressionAttributeValues"][":importance"]["S"]) is None


def rollback(items=None, lock=None, began=None, now=None, **request):
    event = sample("functions/release/plan_rollback.json")
    event["request"] |= request
    event["items"] = [*([lock] if lock else []), *(event["items"] if items is None else items)]
    event["began"], event["now"] = began or event["began"], now or event["now"]
    return plan_rollback(event)


def lock_of(**changed):
    return {"sk": {"S": "LOCK"}, "holder": {"S": "h"}, "expires": {"N": "100"}, "package": {"S": "p"}, **changed}


@pytest.mark.parametrize(("now", "outcome"), [(99, "yield"), (100, "restore"), (101, "restore")])
def test_a_lock_holds_until_it_has_run_out(now, outcome):
    plan = rollback(lock=lock_of(), now=now)
    assert (plan["outcome"], plan["holder"]) == (outcome, "h" if outcome == "yield" else None)


def test_a_lock_that_nobody_holds_or_that_never_ran_is_none():
    assert rollback(lock=lock_of(holder={"S": ""}), now=99)["outcome"] == "restore"
    unlimited = {name: value for name, value in lock_of().items() if name != "expires"}
    assert rollback(lock=unlimited, now=99)["outcome"] == "restore"


@pytest.mark.parametrize(("by", "asks"), [("alarm noria/m/errors", False), ("noria", False), ("arn:aws:iam::1:user/ann", True), ("alarming", True)])
def test_a_person_alone_ends_a_release_under_way(by, asks):
    assert rollback(lock=lock_of(), now=1, by=by)["requests_stop"] is asks


def release(number, status, time):
    first = sample("functions/release/plan_rollback.json")["items"][0]
    return {
        **first,
        "sk": {"S": f"RELEASE#{number}"},
        "release": {"S": str(number)},
        "package": {"S": f"{VERSION}{number}"},
        "status": {"S": status},
        "time": {"S": time},
    }


def test_releases_are_taken_in_the_order_of_their_times():
    items = [release(3, "completed", "2026-11-24T10:00:00Z"), release(1, "completed", "2026-11-24T08:00:00Z"), release(2, "completed", "2026-11-24T09:00:00Z")]
    plan = rollback(items, began="2026-11-24T11:00:00Z")
    assert (plan["current"]["package"], plan["target"]["package"]) == (f"{VERSION}3", f"{VERSION}2")


def test_a_version_that_was_asked_for_is_restored_as_it_was_released_last():
    items = [release(number, "completed", f"2026-11-24T0{number}:00:00Z") for number in (1, 2, 3)]
    again = {**release(1, "restored", "2026-11-24T01:30:00Z"), "release": {"S": "1b"}}
    plan = rollback([*items, again], began="2026-11-24T11:00:00Z", to=f"{VERSION}1", by="arn:aws:iam::1:user/ann")
    assert (plan["outcome"], plan["target"]["release"]) == ("restore", "1b")
    assert plan["deploy"]["update"]["EndpointName"] == "noria-bikeshare"


def test_the_version_before_is_another_version_than_the_one_that_serves():
    items = [release(1, "completed", "2026-11-24T01:00:00Z"), release(2, "completed", "2026-11-24T02:00:00Z")]
    again = {**release(2, "completed", "2026-11-24T03:00:00Z"), "release": {"S": "2b"}, "sk": {"S": "RELEASE#2b"}}
    assert rollback([*items, again], began="2026-11-24T11:00:00Z")["target"]["package"] == f"{VERSION}1"


@pytest.mark.parametrize(
    ("by", "status", "time", "code"),
    [
        ("alarm x", "completed", "2026-11-24T12:00:01Z", "AnotherServes"),
        ("alarm x", "completed", "2026-11-24T12:00:00Z", "Restore"),
        ("arn:aws:iam::1:user/ann", "rolled_back", "2026-11-24T12:00:01Z", "UndoneMeanwhile"),
        ("arn:aws:iam::1:user/ann", "rolled_back", "2026-11-24T12:00:00Z", "Restore"),
        ("alarm x", "rolled_back", "2026-11-24T12:00:01Z", "Restore"),
        ("arn:aws:iam::1:user/ann", "completed", "2026-11-24T12:00:01Z", "Restore"),
    ],
)
def test_what_happened_after_it_was_asked_for_may_have_settled_it(by, status, time, code):
    items = [release(1, "completed", "2026-11-24T01:00:00Z"), release(2, "completed", "2026-11-24T02:00:00Z"), release(3, status, time)]
    plan = rollback(items, began="2026-11-24T12:00:00Z", by=by)
    assert plan["verdict"]["reasons"][0]["code"] == code


def after(**changed):
    event = sample("functions/release/conclude_rollback.json")
    for name, value in changed.items():
        event[name] = {**event[name], **value} if isinstance(value, dict) and isinstance(event.get(name), dict) else value
    return conclude_rollback(event)


def test_a_rollback_says_how_long_it_took_and_who_asked():
    event = sample("functions/release/conclude_rollback.json")
    answer = after()
    data = answer["entry"]["Detail"]["data"]
    assert (answer["outcome"], data["requested_by"], data["seconds"]) == ("rolled_back", event["request"]["by"], 30.0)
    audit = answer["record"]["TransactItems"][0]["Put"]["Item"]
    assert (audit["sk"]["S"], audit["status"]["S"]) == (f"ROLLBACK#{event['cause']['causation_id']}", "rolled_back")
    assert json.loads(audit["document"]["S"])["request"] == event["request"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"failure": {"Error": "States.Timeout", "Cause": "late"}}, "States.Timeout"),
        ({"deployment": None}, "States.Runtime"),
        ({"deployment": {"EndpointStatus": "Failed"}}, "NotRestored"),
        ({"deployment": {"EndpointConfigName": "other"}}, "NotRestored"),
    ],
)
def test_a_rollback_that_does_not_end_with_the_configuration_asked_for_has_failed(changed, code):
    answer = after(**changed)
    assert (answer["outcome"], answer["entry"]["DetailType"], answer["verdict"]["reasons"][0]["code"]) == ("rollback_failed", "RollbackFailed", code)
    items = answer["record"]["TransactItems"]
    assert [next(iter(item)) for item in items] == ["Put", "Delete"]


def test_what_serves_after_a_rollback_is_on_record_from_now_on():
    event = sample("functions/release/conclude_rollback.json")
    items = after()["record"]["TransactItems"]
    times = {item["Update"]["Key"]["sk"]["S"]: item["Update"]["ExpressionAttributeValues"][":time"]["S"] for item in items if "Update" in item}
    assert times == {"RELEASE#000000000002": event["plan"]["current"]["time"], "RELEASE#000000000001": event["cause"]["time"]}
    champion = next(item["Put"]["Item"] for item in items if "Put" in item and item["Put"]["Item"]["sk"]["S"] == "CHAMPION")
    assert (champion["time"], "status" in champion) == ({"S": event["cause"]["time"]}, False)
    document = json.loads(champion["document"]["S"])
    assert (document["release"], document["model_package_arn"]) == ("000000000001", f"{VERSION}1")


@pytest.mark.parametrize(("outcome", "ended", "event"), [("refused", "refused", "RollbackFailed"), ("undone", "undone", None)])
def test_a_plan_that_restores_nothing_changes_no_champion(outcome, ended, event):
    answer = after(plan={"outcome": outcome})
    assert answer["outcome"] == ended
    assert event is None or answer["entry"]["DetailType"] == event
    assert not any("Update" in item for item in answer["record"]["TransactItems"])
