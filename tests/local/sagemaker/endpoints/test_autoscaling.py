"""Application Auto Scaling of endpoint variants, and instance types that cannot be had."""

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.conftest import SHORT
from tests.local.sagemaker.conftest import fresh
from tests.local.sagemaker.inference import CONSTANT
from tests.local.sagemaker.traffic import scalable_target, steady_requests


@pytest.fixture(scope="module")
def model(endpoints):
    return endpoints.model(CONSTANT.format(value=1))


@pytest.fixture
def scaling(client):
    return client("application-autoscaling")


def follow(requests: float) -> dict:
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"TargetValue": requests, "PredefinedMetricSpecification": metric, "ScaleOutCooldown": 0, "ScaleInCooldown": 0}
    return {"PolicyName": "follow", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": tracking}


def instances(endpoints, name: str) -> int:
    return endpoints.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]["CurrentInstanceCount"]


def test_instances_come_with_the_traffic_and_go_with_it_and_no_request_fails(endpoints, model, scaling):
    name = endpoints.create(endpoints.config(only=(model, 1.0)))
    endpoints.settled(name)
    scaling.register_scalable_target(**scalable_target(name), MinCapacity=1, MaxCapacity=2)
    scaling.put_scaling_policy(**scalable_target(name), **follow(300))
    with steady_requests(endpoints, name) as answers:
        assert until(lambda: instances(endpoints, name) == 2, 30)
        # A target far above the traffic.
        scaling.put_scaling_policy(**scalable_target(name), **follow(1_000_000))
        assert until(lambda: instances(endpoints, name) == 1, 60)
    assert not [answer for answer in answers if isinstance(answer, ClientError)]
    descriptions = [
        activity["Description"]
        for activity in scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId=scalable_target(name)["ResourceId"])["ScalingActivities"]
    ]
    assert descriptions == ["Setting desired instance count to 1.", "Setting desired instance count to 2."]
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[scalable_target(name)["ResourceId"]])["ScalableTargets"] == []


def test_a_variant_that_scales_is_neither_removed_nor_moved_to_another_instance_type(endpoints, model, scaling):
    name = endpoints.create(endpoints.config(only=(model, 1.0)))
    endpoints.settled(name)
    scaling.register_scalable_target(**scalable_target(name), MinCapacity=1, MaxCapacity=2)
    other = endpoints.config(other=(model, 1.0))
    with pytest.raises(ClientError, match="registered as a scalable target"):
        endpoints.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
    scaling.deregister_scalable_target(**scalable_target(name))
    endpoints.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
    assert endpoints.settled(name)["EndpointConfigName"] == other
    with pytest.raises(ClientError) as caught:
        scaling.deregister_scalable_target(**scalable_target(name))
    assert caught.value.response["Error"]["Code"] == "ObjectNotFoundException"
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_what_is_not_there_cannot_scale(scaling):
    with pytest.raises(ClientError, match="no endpoint variant"):
        scaling.register_scalable_target(**scalable_target("nothing-serves-here"), MinCapacity=1, MaxCapacity=2)


@pytest.mark.parametrize(("types", "status"), [((SHORT, "ml.m5.large"), "InService"), ((SHORT, SHORT), "Failed")])
def test_instance_pools_are_tried_in_the_order_of_their_priority(endpoints, model, types, status):
    pools = [{"InstanceType": kind, "Priority": number} for number, kind in enumerate(types, start=1)]
    variant = {"VariantName": "only", "ModelName": model, "InstancePools": pools, "InitialInstanceCount": 1, "InitialVariantWeight": 1.0}
    config = fresh()
    endpoints.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    name = endpoints.create(config)
    described = endpoints.settled(name)
    assert described["EndpointStatus"] == status
    assert ("InsufficientInstanceCapacity" in described.get("FailureReason", "")) == (status == "Failed")
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
