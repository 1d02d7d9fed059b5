"""Rollout strategies: what each asks of SageMaker, and how it exposes a challenger."""

import pytest
from pydantic import ValidationError

from noria.release.strategies import STRATEGIES
from noria.spec.rollout import RolloutSpec

ALARM = {"Alarms": [{"AlarmName": "noria/bikeshare/errors"}, {"AlarmName": "noria-stop/bikeshare"}]}
SHARED = ("progressive", "ab", "shadow")


def variants(plan, kind="ProductionVariants"):
    """Names, SageMaker models and weights of the first configuration."""
    return [(variant["VariantName"], variant["ModelName"], variant["InitialVariantWeight"]) for variant in plan["open"]["config"].get(kind, ())]


def test_the_spec_knows_every_strategy_of_the_table_and_no_other():
    assert RolloutSpec.model_json_schema()["properties"]["strategy"]["enum"] == list(STRATEGIES)
    with pytest.raises(ValidationError, match="'progressive', 'all_at_once', 'canary'"):
        RolloutSpec(strategy="sideways")


@pytest.mark.parametrize("strategy", ["progressive", "ab"])
def test_champion_and_challenger_split_the_traffic_under_a_configuration_of_their_own(planned, strategy):
    plan = planned(strategy=strategy, steps=[0.3])
    assert plan["open"]["config"]["EndpointConfigName"] == f"{plan['config']}-try"
    assert variants(plan) == [("main", "noria-bikeshare-000000000001", 0.7), ("challenger", plan["config"], 0.3)]
    assert variants(plan, "ShadowProductionVariants") == []


def test_a_shadow_gets_a_copy_of_every_request_and_no_weight(planned):
    plan = planned(strategy="shadow")
    assert variants(plan) == [("main", "noria-bikeshare-000000000001", 1.0)]
    assert variants(plan, "ShadowProductionVariants") == [("challenger", plan["config"], 1.0)]
    assert (plan["observe"]["weighted"], plan["observe"]["share"], plan["observe"]["guard"]["steps"]) == (False, 1.0, [1.0])


def test_progressive_rises_along_the_steps_and_ab_stays_until_the_sample_is_answered(planned):
    progressive, ab = (planned(strategy=strategy, steps=[0.2, 0.6], sample=700)["observe"] for strategy in ("progressive", "ab"))
    assert (progressive["weighted"], progressive["share"], progressive["guard"]["steps"], progressive["guard"]["sample"]) == (True, 0.2, [0.2, 0.6], 0)
    assert (ab["weighted"], ab["share"], ab["guard"]["steps"], ab["guard"]["sample"]) == (True, 0.2, [0.2], 700)


@pytest.mark.parametrize(
    ("strategy", "routing"),
    [
        ("canary", {"Type": "CANARY", "WaitIntervalInSeconds": 420, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25}}),
        ("linear", {"Type": "LINEAR", "WaitIntervalInSeconds": 420, "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25}}),
    ],
)
def test_a_second_fleet_takes_the_traffic_as_the_strategy_says_and_goes_back_by_the_alarm(planned, strategy, routing):
    plan = planned(strategy=strategy, steps=[0.25], bake_minutes=7)
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 420}
    assert plan["open"]["update"]["DeploymentConfig"] == {"BlueGreenUpdatePolicy": policy, "AutoRollbackConfiguration": ALARM}
    assert (plan["open"]["create"]["EndpointConfigName"], plan["observe"]) == (plan["config"], None)


def test_a_rolling_update_replaces_batches(planned):
    plan = planned(strategy="rolling", steps=[0.5], bake_minutes=1)
    policy = {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50}, "WaitIntervalInSeconds": 60}
    assert plan["open"]["update"]["DeploymentConfig"] == {"RollingUpdatePolicy": policy, "AutoRollbackConfiguration": ALARM}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_in_the_end_the_version_serves_alone_at_once_or_the_champion_does_as_before(planned, strategy):
    plan = planned(strategy=strategy)
    assert "DeploymentConfig" not in plan["promote"]["update"]
    assert plan["promote"]["update"]["EndpointConfigName"] == plan["config"]
    assert plan["undo"]["update"]["EndpointConfigName"] == "noria-bikeshare-000000000001"
    assert [variant["ModelName"] for variant in plan["undo"]["config"]["ProductionVariants"]] == ["noria-bikeshare-000000000001"]
    assert (plan["strategy"], plan["observe"] is not None) == (strategy, strategy in SHARED)


@pytest.mark.parametrize("event", [{"champion": None}, {"endpoint": None}, {"endpoint": {"EndpointStatus": "Failed", "EndpointName": "noria-bikeshare"}}])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_where_nothing_serves_the_version_takes_all_of_the_traffic_at_once(planned, strategy, event):
    plan = planned(event, strategy=strategy)
    assert (plan["strategy"], plan["observe"]) == ("all_at_once", None)
    assert "DeploymentConfig" not in plan["open"]["update"]
    assert plan["verdict"]["reasons"][0]["limit"] == strategy
    assert (plan["undo"] is None) == ("champion" in event)


@pytest.mark.parametrize(("strategy", "smallest"), [(name, row.smallest_step) for name, row in STRATEGIES.items() if row.smallest_step])
def test_a_guardrail_begins_with_a_share_that_sagemaker_accepts(strategy, smallest):
    for share in (smallest, 0.5):
        assert RolloutSpec(strategy=strategy, steps=[share]).steps == (share,)
    for share in (smallest * 0.9, 0.51):
        with pytest.raises(ValidationError, match=f"SageMaker's {strategy} begins with {smallest:.0%} to 50% of the fleet"):
            RolloutSpec(strategy=strategy, steps=[share])
