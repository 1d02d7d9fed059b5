"""Endpoint configurations: capacity, instance types, capture and autoscaling."""

import json

import pytest

from noria.kernel.errors import InvariantError
from noria.release.endpoint_config import EndpointPlanner, running_instances
from noria.release.names import release_names
from tests.samples import sample

AUTOSCALE = {"min": 1, "max": 4, "requests": 600.0, "out_seconds": 60, "in_seconds": 300}


def described(**endpoint):
    return {"EndpointName": "e", "EndpointStatus": "InService", **endpoint}


@pytest.mark.parametrize(
    ("endpoint", "instances"),
    [
        (None, 0),
        (described(EndpointStatus="Failed", ProductionVariants=[{"VariantName": "main", "CurrentInstanceCount": 3}]), 0),
        (described(ProductionVariants=[{"VariantName": "main", "CurrentInstanceCount": 3}]), 3),
        (described(EndpointStatus="Updating", ProductionVariants=[{"VariantName": "challenger", "CurrentInstanceCount": 3}]), 2),
        (described(ProductionVariants=[{"VariantName": "main", "CurrentInstanceCount": 0}]), 2),
        (described(), 2),
    ],
)
def test_running_instances_are_main_s_or_the_declared_ones_where_the_description_has_none(endpoint, instances):
    assert running_instances(endpoint, 2) == instances


def test_a_release_keeps_as_many_instances_as_run_now(planned):
    serving = sample("functions/release/plan_rollout.json")["endpoint"]
    serving["ProductionVariants"][0]["CurrentInstanceCount"] = 7
    plan = planned({"endpoint": serving})
    assert {variant["InitialInstanceCount"] for variant in plan["open"]["config"]["ProductionVariants"]} == {7}
    assert planned({"endpoint": None})["open"]["config"]["ProductionVariants"][0]["InitialInstanceCount"] == 1


def test_one_instance_type_is_named_and_several_are_pools_by_priority(planned):
    event = sample("functions/release/plan_rollout.json")
    assert planned()["promote"]["config"]["ProductionVariants"][0]["InstanceType"] == "ml.m5.large"
    event["spec"]["serve"]["instance"] = ["ml.m5.large", "ml.c5.large"]
    (variant,) = planned(event)["promote"]["config"]["ProductionVariants"]
    pools = [{"InstanceType": "ml.m5.large", "Priority": 1}, {"InstanceType": "ml.c5.large", "Priority": 2}]
    assert (variant["InstancePools"], "InstanceType" in variant) == (pools, False)


@pytest.mark.parametrize(
    ("monitoring", "guard", "side_by_side", "alone"),
    [
        (0, None, None, None),
        (0, 20, (20, ["Output"]), None),
        (30, 20, (30, ["Input", "Output"]), (30, ["Input", "Output"])),
        (10, 50, (50, ["Input", "Output"]), (10, ["Input", "Output"])),
    ],
)
def test_as_much_is_captured_as_the_guard_or_monitoring_needs_and_requests_only_for_monitoring(planned, monitoring, guard, side_by_side, alone):
    event = sample("functions/release/plan_rollout.json")
    event["spec"]["monitor"]["capture"] = monitoring
    event["spec"]["rollout"]["guard"]["answers"] = {**event["spec"]["rollout"]["guard"]["answers"], "percent": guard} if guard else None
    plan = planned(event)

    def captured(deploy):
        config = deploy["config"].get("DataCaptureConfig")
        return config and (config["InitialSamplingPercentage"], [option["CaptureMode"] for option in config["CaptureOptions"]])

    assert (captured(plan["open"]), captured(plan["promote"])) == (side_by_side, alone)
    # The champion's configuration exists already: nothing is changed in it.
    assert captured(plan["undo"]) is None


def test_capture_goes_to_the_lake(planned):
    assert planned()["open"]["config"]["DataCaptureConfig"]["DestinationS3Uri"] == "s3://noria-lake/capture"


def test_beside_a_challenger_the_champion_may_grow_and_not_shrink_and_each_outcome_scales_as_its_own_version(planned):
    event = sample("functions/release/plan_rollout.json")
    event["spec"]["serve"]["autoscale"] = AUTOSCALE
    event["champion"]["autoscale"] = {"S": json.dumps({**AUTOSCALE, "max": 9})}
    plan = planned(event)

    def scaling(requests):
        return [(entry["register"]["MaxCapacity"], entry["register"]["SuspendedState"]["DynamicScalingInSuspended"]) for entry in requests]

    assert scaling(plan["open"]["resume"]) == [(9, True)]
    assert scaling(plan["promote"]["resume"]) == [(4, False)]
    assert scaling(plan["undo"]["resume"]) == [(9, False)]
    # Where the endpoint does not reach a configuration, the champion serves on.
    assert all(scaling(plan[name]["fallback"]) == [(9, False)] for name in ("open", "promote", "undo"))
    assert {target["ResourceId"] for target in plan["open"]["pause"]} == {f"endpoint/noria-bikeshare/variant/{name}" for name in ("main", "challenger")}


def test_a_target_is_followed_with_the_spec_s_cooldowns(planned):
    event = sample("functions/release/plan_rollout.json")
    event["spec"]["serve"]["autoscale"] = AUTOSCALE
    (entry,) = planned(event)["promote"]["resume"]
    assert entry["register"]["ResourceId"] == "endpoint/noria-bikeshare/variant/main"
    assert (entry["register"]["MinCapacity"], entry["follow"]["PolicyName"]) == (1, "noria-bikeshare-requests")
    tracking = entry["follow"]["TargetTrackingScalingPolicyConfiguration"]
    assert (tracking["TargetValue"], tracking["ScaleOutCooldown"], tracking["ScaleInCooldown"]) == (600.0, 60, 300)


def test_each_update_keeps_instances_and_takes_weights_and_capture_from_the_new_configuration(planned):
    update = planned()["open"]["update"]
    assert update["RetainAllVariantProperties"] is True
    assert {entry["VariantPropertyType"] for entry in update["ExcludeRetainedVariantProperties"]} == {"DataCaptureConfig", "DesiredWeight"}


def test_every_resource_carries_the_tags_of_model_stage_and_run(planned):
    tags = [{"Key": "noria:model", "Value": "bikeshare"}, {"Key": "noria:stage", "Value": "noria"}, {"Key": "noria:run", "Value": "a4e33cbea049"}]
    plan = planned()
    assert plan["open"]["config"]["Tags"] == plan["open"]["create"]["Tags"] == plan["smoke_test"]["create_model"]["Tags"] == tags


def test_without_a_champion_nothing_is_planned_that_needs_one():
    serve = sample("functions/release/plan_rollout.json")["spec"]["serve"]
    planner = EndpointPlanner(release_names("noria", "m", "arn:p/1", "1"), "alarm", serve, [], 1, "s3://lake/capture", 0, None)
    for plan in (planner.champion_alone, lambda: planner.side_by_side(0.1, 0), lambda: planner.shadow(0)):
        with pytest.raises(InvariantError, match="no champion"):
            plan()
