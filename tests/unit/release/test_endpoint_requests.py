"""Endpoint configurations, autoscaling and alarms of a release, as an AWS engineer would read them."""

import json

import pytest

from noria.release.alarms import plan_alarms
from noria.release.champion import Champion
from noria.release.conclude_rollout import conclude_rollout
from noria.release.endpoint_config import running_instances
from noria.release.plan_rollout import plan_rollout
from tests.samples import sample

SCALED = {"min": 2, "max": 8, "requests": 600.0, "out_seconds": 60, "in_seconds": 300}


def planned(strategy="progressive", guard=None, serve=None, rollout=None, monitor=None, endpoint=None, **changed):
    """The plan of a release whose spec says these things otherwise."""
    event = {**sample("functions/release/plan_rollout.json"), **changed}
    spec = event["spec"]
    spec["rollout"] |= {"strategy": strategy, **(rollout or {})}
    spec["rollout"]["guard"] |= guard or {}
    spec["serve"] |= serve or {}
    spec["monitor"] = {**spec.get("monitor", {"quality": {}}), "capture": 0, **(monitor or {})}
    if endpoint is not None:
        event["endpoint"] |= endpoint
    return plan_rollout(event)


def variants(deploy, kind="ProductionVariants"):
    return {variant["VariantName"]: variant for variant in deploy["config"].get(kind, [])}


@pytest.mark.parametrize("share", [0.1, 0.25, 0.333333])
def test_champion_and_challenger_share_all_of_the_traffic_as_the_first_step_says(share):
    shared = variants(planned(rollout={"steps": [share]})["open"])
    assert {name: variant["InitialVariantWeight"] for name, variant in shared.items()} == {"main": round(1 - share, 6), "challenger": share}
    assert [shared[name]["ModelName"] for name in ("main", "challenger")] == ["noria-bikeshare-000000000001", planned()["config"]]


def test_a_shadow_gets_a_copy_of_every_request_and_answers_nobody():
    first = planned("shadow")["open"]
    assert list(variants(first)) == ["main"]
    shadow = variants(first, "ShadowProductionVariants")
    assert list(shadow) == ["challenger"]
    assert variants(first)["main"]["InitialVariantWeight"] == shadow["challenger"]["InitialVariantWeight"] == 1.0
    assert "ShadowProductionVariants" not in planned()["open"]["config"]


def test_each_update_keeps_instances_that_autoscaling_added_but_not_weights_or_capture():
    update = planned()["open"]["update"]
    assert update["RetainAllVariantProperties"] is True
    assert [one["VariantPropertyType"] for one in update["ExcludeRetainedVariantProperties"]] == ["DataCaptureConfig", "DesiredWeight"]
    assert (update["EndpointName"], update["EndpointConfigName"]) == ("noria-bikeshare", f"{planned()['config']}-try")


@pytest.mark.parametrize(
    ("endpoint", "count", "running"),
    [
        (None, 3, 0),
        ({"EndpointStatus": "Failed", "ProductionVariants": [{"VariantName": "main", "CurrentInstanceCount": 2}]}, 3, 0),
        ({"EndpointStatus": "InService", "ProductionVariants": [{"VariantName": "challenger", "CurrentInstanceCount": 5}]}, 3, 3),
        ({"EndpointStatus": "InService", "ProductionVariants": [{"VariantName": "main", "CurrentInstanceCount": 2}]}, 3, 2),
        ({"EndpointStatus": "Updating"}, 3, 3),
    ],
)
def test_a_release_begins_with_as_many_instances_as_run_now(endpoint, count, running):
    assert running_instances(endpoint, count) == running


def test_a_new_endpoint_has_the_specs_instances_and_an_old_one_keeps_what_it_has():
    assert variants(planned()["promote"])["main"]["InitialInstanceCount"] == 2
    assert variants(planned(serve={"count": 4}, endpoint={"EndpointStatus": "Failed"})["promote"])["main"]["InitialInstanceCount"] == 4


def test_one_type_of_instance_is_named_and_several_are_pools_in_their_order():
    one = variants(planned()["promote"])["main"]
    assert (one["InstanceType"], "InstancePools" in one) == ("ml.m5.large", False)
    several = variants(planned(serve={"instance": ["ml.m5.large", "ml.c5.large"]})["promote"])["main"]
    pools = [{"InstanceType": "ml.m5.large", "Priority": 1}, {"InstanceType": "ml.c5.large", "Priority": 2}]
    assert (several["InstancePools"], "InstanceType" in several) == (pools, False)


@pytest.mark.parametrize(
    ("answers", "watched", "percent", "modes"),
    [
        (None, 0, None, None),
        ({"percent": 40}, 0, 40, ["Output"]),
        ({"percent": 40}, 10, 40, ["Input", "Output"]),
        (None, 10, 10, ["Input", "Output"]),
        ({"percent": 40}, 90, 90, ["Input", "Output"]),
    ],
)
def test_answers_are_captured_for_the_guard_and_requests_as_well_for_monitoring(answers, watched, percent, modes):
    answers = answers and {"harm": 1.0, "margin": 1.25, "tolerated": 0.01, "drift": None, **answers}
    plan = planned(guard={"answers": answers}, monitor={"capture": watched})
    capture = plan["open"]["config"].get("DataCaptureConfig")
    if percent is None:
        assert capture is None
    else:
        assert (capture["EnableCapture"], capture["InitialSamplingPercentage"]) == (True, percent)
        assert [option["CaptureMode"] for option in capture["CaptureOptions"]] == modes
        assert capture["DestinationS3Uri"] == "s3://noria-lake/capture"
    # Once a version serves alone, only monitoring captures.
    assert plan["promote"]["config"].get("DataCaptureConfig", {}).get("InitialSamplingPercentage") == (watched or None)


def test_a_guardrail_shifts_traffic_as_the_spec_says_and_goes_back_at_the_alarm():
    for strategy, key in (("canary", "CanarySize"), ("linear", "LinearStepSize")):
        config = planned(strategy, rollout={"steps": [0.3], "bake_minutes": 7})["open"]["update"]["DeploymentConfig"]
        routing = config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
        assert routing == {"Type": strategy.upper(), "WaitIntervalInSeconds": 420, key: {"Type": "CAPACITY_PERCENT", "Value": 30}}
        assert config["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 420
        assert config["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "noria/bikeshare/errors"}, {"AlarmName": "noria-stop/bikeshare"}]}
    rolling = planned("rolling", rollout={"steps": [0.3], "bake_minutes": 7})["open"]["update"]["DeploymentConfig"]
    assert rolling["RollingUpdatePolicy"] == {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 30}, "WaitIntervalInSeconds": 420}
    assert "AutoRollbackConfiguration" in rolling
    assert "DeploymentConfig" not in planned("all_at_once")["open"]["update"]
    assert "DeploymentConfig" not in planned("canary")["promote"]["update"]


def test_two_versions_serve_side_by_side_only_where_one_serves_already_and_the_strategy_observes():
    assert planned()["observe"] is not None
    for plan in (planned("canary"), planned(champion=None, endpoint={"EndpointStatus": "Failed"}), planned(endpoint={"EndpointStatus": "Failed"})):
        assert plan["observe"] is None
        assert list(variants(plan["open"])) == ["main"]
        assert plan["open"]["config"]["EndpointConfigName"] == plan["config"]
    assert (planned("canary")["strategy"], planned(endpoint={"EndpointStatus": "Failed"})["strategy"]) == ("canary", "all_at_once")


def test_what_goes_back_is_the_champions_own_configuration():
    back = planned()["undo"]
    assert back["update"]["EndpointConfigName"] == "noria-bikeshare-000000000001"
    assert {name: (variant["ModelName"], variant["InitialVariantWeight"]) for name, variant in variants(back).items()} == {
        "main": ("noria-bikeshare-000000000001", 1.0)
    }
    assert planned(champion=None)["undo"] is None


def champion(autoscale):
    item = sample("functions/release/plan_rollout.json")["champion"]
    return {**item, "autoscale": {"S": json.dumps(autoscale)}}


def test_instances_follow_the_traffic_by_the_specs_numbers_after_the_update():
    last = planned(serve={"autoscale": SCALED})["promote"]
    assert [one["ResourceId"] for one in last["pause"]] == ["endpoint/noria-bikeshare/variant/main", "endpoint/noria-bikeshare/variant/challenger"]
    (resume,) = last["resume"]
    assert (resume["register"]["MinCapacity"], resume["register"]["MaxCapacity"]) == (2, 8)
    assert resume["register"]["ResourceId"] == resume["follow"]["ResourceId"] == "endpoint/noria-bikeshare/variant/main"
    policy = resume["follow"]["TargetTrackingScalingPolicyConfiguration"]
    assert (policy["TargetValue"], policy["ScaleOutCooldown"], policy["ScaleInCooldown"]) == (600.0, 60, 300)
    assert resume["follow"]["PolicyType"] == "TargetTrackingScaling"
    assert planned()["promote"]["resume"] == []


def test_beside_a_challenger_the_champion_may_grow_and_not_shrink():
    plan = planned(serve={"autoscale": SCALED}, champion=champion({**SCALED, "max": 5}))
    (beside,), (alone,) = plan["open"]["resume"], plan["promote"]["resume"]
    assert beside["register"]["MaxCapacity"] == 5
    held = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": True}
    assert beside["register"]["SuspendedState"] == held
    assert alone["register"]["SuspendedState"] == dict.fromkeys(held, False)


def test_an_endpoint_that_does_not_come_to_what_was_asked_goes_on_scaling_as_the_champion():
    plan = planned(serve={"autoscale": SCALED}, champion=champion({**SCALED, "max": 5}))
    (fallback,) = plan["promote"]["fallback"]
    assert fallback["register"]["MaxCapacity"] == 5
    assert fallback["register"]["SuspendedState"]["DynamicScalingInSuspended"] is False
    assert planned(serve={"autoscale": SCALED}, champion=champion(None))["promote"]["fallback"] == []
    assert planned(serve={"autoscale": SCALED}, champion=None)["promote"]["fallback"] == []


def test_the_alarm_on_what_serves_goes_off_at_five_per_cent_in_three_of_five_minutes():
    errors, monitoring = plan_alarms({"prefix": "s", "model": "m", "endpoint": "s-m"})["alarms"]
    assert (errors["AlarmName"], errors["MetricName"], errors["Statistic"], errors["Threshold"]) == ("s/m/errors", "Invocation5XXErrors", "Average", 0.05)
    assert (errors["Period"], errors["EvaluationPeriods"], errors["DatapointsToAlarm"]) == (60, 5, 3)
    assert errors["ComparisonOperator"] == "GreaterThanThreshold"
    assert errors["Dimensions"] == [{"Name": "EndpointName", "Value": "s-m"}, {"Name": "VariantName", "Value": "main"}]
    assert errors["TreatMissingData"] == "notBreaching"
    assert (monitoring["MetricName"], monitoring["Namespace"], monitoring["Threshold"]) == ("Causes", "Noria/Models", 1)
    assert (monitoring["Period"], monitoring["EvaluationPeriods"], monitoring["TreatMissingData"]) == (3600, 1, "ignore")
    assert monitoring["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_no_alarm_on_monitoring_begins_as_those_do_that_start_a_rollback():
    errors, monitoring = plan_alarms({"prefix": "s", "model": "m", "endpoint": "s-m"})["alarms"]
    assert errors["AlarmName"].startswith("s/m/")
    assert not monitoring["AlarmName"].startswith("s/m/")


@pytest.mark.parametrize(
    ("config", "own"),
    [("e-m-222-try", True), ("e-m-111-try", True), ("e-m-222", False), ("other-m-222-try", False), ("e-m-x-222-try", False), ("e-m-111", False)],
)
def test_what_an_interrupted_release_left_is_known_by_its_name(config, own):
    serving = Champion("p/1", "e-m-111", "e-m-111", "0")
    assert serving.shares({"EndpointConfigName": config}) is own


def test_a_champion_of_an_earlier_version_lacks_what_came_later():
    item = {name: {"S": name} for name in ("package", "config")}
    finding = Champion.of({**item, "count": {"N": "1"}})
    assert finding == Champion("package", "config", "config", "", None)
    assert Champion.of(None) is None
    assert Champion.of({}) is None


def refused(**changed):
    plan = planned(**changed)
    assert plan["outcome"] == "refused"
    (reason,) = plan["verdict"]["reasons"]
    return reason


VERSION = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/noria-bikeshare/"


def test_a_version_that_no_run_has_registered_is_not_released():
    metadata = {name: value for name, value in sample("functions/release/plan_rollout.json")["metadata"].items() if name not in ("run", "schema")}
    reason = refused(metadata=metadata)
    assert (reason["code"], reason["limit"]) == ("NotRegisteredHere", ["run", "schema"])


def test_a_version_that_is_no_longer_approved_is_not_released():
    reason = refused(status="Rejected")
    assert (reason["code"], reason["observed"], reason["limit"]) == ("NotApproved", "Rejected", "Approved")


def test_an_endpoint_that_somebody_has_changed_by_hand_is_left_alone():
    reason = refused(endpoint={"EndpointConfigName": "mine"})
    assert (reason["code"], reason["observed"], reason["limit"]) == ("ChangedByHand", "mine", "noria-bikeshare-000000000001")
    assert planned(endpoint={"EndpointConfigName": "noria-bikeshare-999-try"})["outcome"] == "planned"
    assert planned(endpoint={"EndpointConfigName": None})["outcome"] == "planned"
    assert planned(endpoint={"EndpointConfigName": "mine"}, champion=None)["outcome"] == "planned"


def test_an_older_version_takes_the_place_of_a_newer_one_only_where_somebody_says_so():
    newer = sample("functions/release/plan_rollout.json")["champion"] | {"package": {"S": f"{VERSION}10"}}
    reason = refused(champion=newer)
    assert (reason["code"], reason["observed"], reason["limit"]) == ("OlderVersion", f"{VERSION}2", f"{VERSION}10")
    metadata = sample("functions/release/plan_rollout.json")["metadata"]
    # The word covers every version that there was, whichever of them serves when the turn has come.
    for over in (10, 11):
        assert planned(champion=newer, metadata={**metadata, "over": f"{VERSION}{over}"})["outcome"] == "planned"
    assert refused(champion=newer, metadata={**metadata, "over": f"{VERSION}9"})["code"] == "OlderVersion"


def test_a_version_that_was_approved_before_the_champion_is_superseded():
    later = sample("functions/release/plan_rollout.json")["champion"] | {"approved_at": {"S": "1764060000001"}}
    assert refused(champion=later)["code"] == "Superseded"
    assert planned(champion={**later, "approved_at": {"S": "1764060000000"}})["outcome"] == "planned"


def test_the_smoke_test_asks_no_more_rows_than_the_holdout_has():
    metadata = sample("functions/release/plan_rollout.json")["metadata"]
    assert [planned(metadata={**metadata, "holdout_rows": rows})["smoke_test"]["comparison"]["rows"] for rows in ("3", "5", "6", "1752")] == [3, 5, 5, 5]


def concluded(released=None, **changed):
    event = {**sample("functions/release/conclude_rollout.json"), **changed}
    if released is not None:
        event["report"] |= released
    return conclude_rollout(event)


def test_what_a_release_took_and_how_many_requests_it_exposed_are_on_record():
    findings = [{"challenger": {"requests": 5.0}}, {"challenger": {"requests": 9.0}}]
    observation = {
        **(sample("functions/release/conclude_rollout.json")["report"].get("observation") or {"outcome": "promote", "verdict": {"reasons": []}}),
        "findings": findings,
    }
    event = sample("functions/release/conclude_rollout.json")
    later = {**event["cause"], "time": event["began"].replace("Z", "")[:-3].rsplit(":", 1)[0] + ":59.500Z"}
    data = concluded({"observation": observation}, cause=later)["entries"][0]["Detail"]["data"]
    assert data["exposed_requests"] == 9.0
    assert 0 < data["seconds"] < 60
    none = concluded({"observation": None})["entries"][0]["Detail"]["data"]
    assert none["exposed_requests"] is None


def test_a_release_that_did_not_report_asks_for_the_champion_alone():
    failure = {"Error": "States.Timeout", "Cause": "too long"}
    result = concluded(failure=failure)
    assert [entry["DetailType"] for entry in result["entries"]] == ["RolloutFailed", "RollbackRequested"]
    request = result["entries"][1]["Detail"]["data"]
    assert (request["to"], request["by"]) == (None, "noria")
    assert "was interrupted: too long" in request["reason"]


@pytest.mark.parametrize(("code", "outcome"), [("ChangedByHand", "by_hand"), ("NotApproved", "failed")])
def test_a_release_that_was_refused_says_whether_a_hand_was_at_the_endpoint(code, outcome):
    reasons = [{"code": code, "text": "no", "observed": None, "limit": None}]
    plan = {"outcome": "refused", "verdict": {"outcome": "refused", "reasons": reasons}, "release": "r", "endpoint": "e", "config": "c"}
    result = concluded({"plan": plan, "observation": None, "deployment": None, "failure": None})
    assert (result["outcome"], [entry["DetailType"] for entry in result["entries"]]) == (outcome, ["RolloutFailed"])
    assert [reason["code"] for reason in result["verdict"]["reasons"]] == [code]
