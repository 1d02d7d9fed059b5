"""Idle model servers: they end after a while without a request, and start again at the next one, unseen by whoever asks."""

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.sagemaker.conftest import fresh, log_lines
from tests.local.sagemaker.inference import CONSTANT
from tests.local.sagemaker.traffic import canary, metric_sum, scalable_target

#: An idle server has ended after this long at the speed of these tests (seconds).
LIMIT_SECONDS = 90
#: So long a start cannot be mistaken for the latency of a model that only says 1.
START_SECONDS = 5
SLOW_START = f"import time\ntime.sleep({START_SECONDS})\n" + CONSTANT.format(value=1)
STARTS_ONCE = """
import pathlib
mark = pathlib.Path("/opt/ml/model/started")
if mark.exists():
    raise RuntimeError("no second start")
mark.touch()
""" + CONSTANT.format(value=1)
ASKERS = 4


@dataclass(frozen=True)
class Servers:
    """The model servers of endpoints, as the gateway counts them."""

    url: str
    sagemaker: object

    def of(self, endpoint: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/_noria/model-servers") as response:
            counts = json.load(response)
        return counts[self.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]]


@pytest.fixture(scope="module")
def servers(running, sagemaker) -> Servers:
    return Servers(running.endpoint_url, sagemaker)


@pytest.fixture(scope="module")
def configs(endpoints) -> dict[str, str]:
    """Endpoint configurations, by how their endpoints are used."""
    model, sagemaker = endpoints.model(CONSTANT.format(value=1)), endpoints.sagemaker
    names = {
        "two variants": endpoints.config(only=(model, 1.0), other=(model, 0.0)),
        "shadow": fresh(),
        "minimum": fresh(),
        "updating": endpoints.config(only=(model, 1.0)),
        "slow": endpoints.config(only=(endpoints.model(SLOW_START), 1.0)),
        "once": endpoints.config(only=(endpoints.model(STARTS_ONCE), 1.0)),
    }
    only, other = sagemaker.describe_endpoint_config(EndpointConfigName=names["two variants"])["ProductionVariants"]
    sagemaker.create_endpoint_config(EndpointConfigName=names["shadow"], ProductionVariants=[only], ShadowProductionVariants=[other])
    sagemaker.create_endpoint_config(EndpointConfigName=names["minimum"], ProductionVariants=[{**only, "InitialInstanceCount": 2}])
    return names


@pytest.fixture(scope="module")
def alarm(client) -> str:
    """An alarm without data."""
    name = fresh()
    metric = {"Namespace": "Tests", "MetricName": name, "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    client("cloudwatch").put_metric_alarm(AlarmName=name, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", **metric)
    return name


@pytest.fixture(scope="module")
def created(endpoints, configs, alarm, client) -> Iterator[dict[str, str]]:
    """Endpoints in service, but for one under an update that lasts; nobody asks them."""
    names = {kind: endpoints.create(config) for kind, config in configs.items()}
    # At once, before a server of it is idle, however long the others take.
    assert endpoints.settled(names["minimum"])["EndpointStatus"] == "InService"
    client("application-autoscaling").register_scalable_target(**scalable_target(names["minimum"]), MinCapacity=1, MaxCapacity=2)
    for name in names.values():
        assert endpoints.settled(name)["EndpointStatus"] == "InService"
    # Its server runs, though the others may have taken long to come up. Half of the traffic moves and bakes for longer than a server may be idle.
    endpoints.ask(names["updating"], "x")
    update = {"EndpointName": names["updating"], "EndpointConfigName": configs["updating"]}
    endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=canary(alarm, 3600))
    yield names
    client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="the tests have ended")
    for name in names.values():
        endpoints.settled(name)
        endpoints.sagemaker.delete_endpoint(EndpointName=name)


@pytest.fixture(scope="module")
def idle(created, servers) -> dict[str, str]:
    """The endpoints, once those that may end their servers have done so."""
    until(lambda: servers.of(created["slow"])["idle"] and servers.of(created["once"])["idle"] and servers.of(created["minimum"])["idle"], LIMIT_SECONDS)
    return created


def test_none_is_ended_during_a_release(idle, servers, endpoints):
    """GIVEN traffic that an update moves, or that two variants or a shadow share THEN every server of theirs runs on."""
    assert until(lambda: servers.of(idle["updating"]) == {"running": 2, "idle": 0}, LIMIT_SECONDS)
    assert endpoints.described(idle["updating"])["EndpointStatus"] == "Updating"
    assert servers.of(idle["two variants"]) == {"running": 2, "idle": 0}
    assert servers.of(idle["shadow"]) == {"running": 2, "idle": 0}


def test_instances_under_a_minimum_capacity_stay(idle, servers, client):
    """GIVEN two instances, one of which a scalable target holds THEN one ends; AND WHEN it holds both THEN both run."""
    assert servers.of(idle["minimum"]) == {"running": 1, "idle": 1}
    client("application-autoscaling").register_scalable_target(**scalable_target(idle["minimum"]), MinCapacity=2, MaxCapacity=2)
    assert until(lambda: servers.of(idle["minimum"]) == {"running": 2, "idle": 0}, LIMIT_SECONDS)


def test_requests_wait_for_the_start_which_is_no_latency(idle, servers, endpoints, client):
    """GIVEN an endpoint whose server has ended WHEN several ask it at once THEN all are answered, and no metric has the start in it."""
    name = idle["slow"]
    described = endpoints.described(name)
    assert (described["EndpointStatus"], described["ProductionVariants"][0]["CurrentInstanceCount"]) == ("InService", 1)
    assert servers.of(name) == {"running": 0, "idle": 1}
    with ThreadPoolExecutor(ASKERS) as pool:
        answers = list(pool.map(lambda _: endpoints.ask(name, "x")["Body"], range(ASKERS)))
    assert answers == [b"[1]"] * ASKERS
    assert servers.of(name) == {"running": 1, "idle": 0}
    cloudwatch = client("cloudwatch")
    for metric in ("ModelLatency", "OverheadLatency"):
        assert metric_sum(cloudwatch, name, "only", metric, "SampleCount") == ASKERS
        assert metric_sum(cloudwatch, name, "only", metric, f"TC({START_SECONDS * 1_000_000}:)") == 0
    assert any("starts again at the next request" in line for line in log_lines(client("logs"), f"/aws/sagemaker/Endpoints/{name}", "only/"))


def test_a_server_that_does_not_start_again_fails_as_a_crashed_one(idle, servers, endpoints, client):
    name = idle["once"]
    with pytest.raises(ClientError, match="no second start") as caught:
        endpoints.ask(name, "x")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["OriginalStatusCode"]) == ("ModelError", 424, 0)
    assert metric_sum(client("cloudwatch"), name, "only", "Invocation5XXErrors", "Sum") == 1
    assert servers.of(name)["running"] == 0
