"""Traffic on an endpoint: metrics by variant, instances, shadows, captures, and deployment guardrails that go back by an alarm."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.sagemaker.inference import BROKEN, CHOOSY, CONSTANT
from tests.local.sagemaker.traffic import canary, metric_sum, steady_requests


@pytest.fixture(scope="module")
def models(endpoints):
    """A model that says 1, one that says 2, and one that fails."""
    return endpoints.model(CONSTANT.format(value=1)), endpoints.model(CONSTANT.format(value=2)), endpoints.model(CHOOSY)


@pytest.fixture
def cloudwatch(client):
    return client("cloudwatch")


def test_requests_errors_and_latency_are_counted_by_variant_in_awss_names_and_units(endpoints, models, cloudwatch):
    good, _, bad = models
    name = endpoints.create(endpoints.config(good=(good, 1.0), bad=(bad, 0.0)))
    assert endpoints.settled(name)["EndpointStatus"] == "InService"
    for _ in range(3):
        endpoints.ask(name, "x", TargetVariant="good")
    for _ in range(2):
        with pytest.raises(ClientError):
            endpoints.ask(name, "1,2\n", TargetVariant="bad")
    assert metric_sum(cloudwatch, name, "good", "Invocations", "Sum") == 3
    assert metric_sum(cloudwatch, name, "good", "InvocationModelErrors", "Sum") == 0
    assert metric_sum(cloudwatch, name, "bad", "InvocationModelErrors", "Sum") == 2
    assert metric_sum(cloudwatch, name, "bad", "Invocation5XXErrors", "Sum") == 2
    # Microseconds: each request took more than one and less than a minute.
    assert metric_sum(cloudwatch, name, "good", "ModelLatency", "TC(1:60000000)") == 3
    assert metric_sum(cloudwatch, name, "good", "ModelLatency", "TC(60000000:)") == 0
    assert metric_sum(cloudwatch, name, "good", "OverheadLatency", "SampleCount") == 3
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_a_variant_has_as_many_servers_as_instances_and_scales_without_a_failed_request(endpoints, models):
    name = endpoints.create(endpoints.config(only=(models[0], 1.0)))
    endpoints.settled(name)
    with steady_requests(endpoints, name) as answers:
        for count in (3, 1):
            changes = [{"VariantName": "only", "DesiredInstanceCount": count}]
            endpoints.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=changes)
            assert endpoints.settled(name)["ProductionVariants"][0]["CurrentInstanceCount"] == count
    assert set(answers) == {b"[1]"}
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_a_shadow_gets_a_copy_and_answers_nobody(endpoints, models, cloudwatch):
    first, second, _ = models
    config = endpoints.sagemaker.describe_endpoint_config(EndpointConfigName=endpoints.config(main=(first, 1.0), shadow=(second, 1.0)))["ProductionVariants"]
    name = f"{first}-shadowed"
    endpoints.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=config[:1], ShadowProductionVariants=config[1:])
    endpoint = endpoints.create(name)
    assert [variant["VariantName"] for variant in endpoints.settled(endpoint)["ShadowProductionVariants"]] == ["shadow"]
    assert {endpoints.ask(endpoint, "x")["Body"] for _ in range(5)} == {b"[1]"}
    assert until(lambda: metric_sum(cloudwatch, endpoint, "shadow", "Invocations", "Sum") == 5)
    endpoints.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_captures_lie_in_sagemakers_layout(endpoints, models, bucket):
    config = endpoints.sagemaker.describe_endpoint_config(EndpointConfigName=endpoints.config(only=(models[0], 1.0)))["ProductionVariants"]
    name = f"{models[0]}-captured"
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket.name}/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    endpoints.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=config, DataCaptureConfig=capture)
    endpoint = endpoints.create(name)
    assert endpoints.settled(endpoint)["DataCaptureConfig"]["CaptureStatus"] == "Started"
    endpoints.ask(endpoint, "1,2")
    (key,) = until(lambda: bucket.keys(f"capture/{endpoint}/only/{datetime.now(UTC):%Y/%m/%d}"))
    (line,) = bucket.get(f"s3://{bucket.name}/{key}").decode().splitlines()
    captured = json.loads(line)["captureData"]
    assert captured["endpointInput"] == {"observedContentType": "text/csv", "mode": "INPUT", "data": "1,2", "encoding": "CSV"}
    assert (captured["endpointOutput"]["mode"], captured["endpointOutput"]["data"]) == ("OUTPUT", "[1]")
    assert set(json.loads(line)["eventMetadata"]) == {"eventId", "inferenceTime"}
    endpoints.sagemaker.delete_endpoint(EndpointName=endpoint)


def test_a_canary_takes_its_share_while_it_bakes_and_goes_back_when_the_alarm_says_so(endpoints, models, cloudwatch):
    first, second, _ = models
    name = endpoints.create(endpoints.config(main=(first, 1.0)))
    before = endpoints.settled(name)["EndpointConfigName"]
    alarm = {"Namespace": "Tests", "MetricName": name, "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    cloudwatch.put_metric_alarm(AlarmName=name, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", **alarm)
    update = {"EndpointName": name, "EndpointConfigName": endpoints.config(main=(second, 1.0))}
    endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=canary(name, 1800))
    assert until(lambda: {endpoints.ask(name, "x")["Body"] for _ in range(20)} == {b"[1]", b"[2]"}, 30)
    pending = endpoints.sagemaker.describe_endpoint(EndpointName=name)["PendingDeploymentSummary"]
    assert (pending["EndpointConfigName"], pending["ProductionVariants"][0]["VariantStatus"][0]["Status"]) == (update["EndpointConfigName"], "Baking")
    # While two fleets serve, their configurations tell their requests apart.
    fleets = [metric_sum(cloudwatch, name, "main", "Invocations", "Sum", EndpointConfigName=config) for config in (before, update["EndpointConfigName"])]
    assert 0 < fleets[1] < sum(fleets) <= metric_sum(cloudwatch, name, "main", "Invocations", "Sum")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    described = endpoints.settled(name)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
    assert "PendingDeploymentSummary" not in described
    assert {endpoints.ask(name, "x")["Body"] for _ in range(10)} == {b"[1]"}
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")
    endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=canary(name, 60))
    assert endpoints.settled(name)["EndpointConfigName"] == update["EndpointConfigName"]
    assert {endpoints.ask(name, "x")["Body"] for _ in range(10)} == {b"[2]"}
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_more_instances_that_do_not_come_up_leave_those_that_run(endpoints, models):
    name = endpoints.create(endpoints.config(main=(models[0], 1.0)))
    endpoints.settled(name)
    broken = endpoints.config(main=(models[0], 0.5), other=(endpoints.model(BROKEN), 0.5))
    before = endpoints.described(name)["EndpointConfigName"]
    endpoints.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=broken)
    assert endpoints.settled(name)["EndpointConfigName"] == before
    assert endpoints.ask(name, "x")["Body"] == b"[1]"
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
