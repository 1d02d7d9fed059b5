"""Endpoints: the toolkit's default handlers, errors, updates under load, variants and events."""

import json
import struct

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.sagemaker.conftest import IMAGE, fresh, log_lines, packed
from tests.local.sagemaker.inference import BROKEN, CHOOSY, CONSTANT, MODEL_FN, SLOW
from tests.local.sagemaker.traffic import CLIENTS, steady_requests

#: [[0.5, 1.5]] as numpy saves it.
NPY_HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }".ljust(117) + b"\n"
NPY = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(NPY_HEADER)) + NPY_HEADER + struct.pack("<2d", 0.5, 1.5)


def test_a_model_with_only_model_fn_answers_json_for_csv(endpoints, served):
    answer = endpoints.ask(served, "0.5,1.5\n2.5,0.5\n")
    assert json.loads(answer["Body"]) == pytest.approx([1.0, 5.0])
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "only"


def test_a_model_with_only_model_fn_answers_csv_for_json(endpoints, served):
    answer = endpoints.ask(served, "[[0.5, 1.5], [2.5, 0.5]]", "application/json", "text/csv")
    assert [float(line) for line in answer["Body"].split()] == pytest.approx([1.0, 5.0])
    assert answer["ContentType"] == "text/csv"


def test_a_model_with_only_model_fn_answers_npy(endpoints, served):
    answer = endpoints.ask(served, "[[0.5, 1.5]]", "application/json", "application/x-npy")
    assert answer["ContentType"] == "application/x-npy"
    assert answer["Body"].startswith(b"\x93NUMPY")
    assert b"'shape': (1,)" in answer["Body"]
    again = endpoints.ask(served, NPY, "application/x-npy")
    assert json.loads(again["Body"]) == pytest.approx([1.0])


def test_a_served_endpoint_is_described(endpoints, served):
    described = endpoints.described(served)
    (variant,) = described["ProductionVariants"]
    assert (variant["VariantName"], variant["CurrentWeight"], variant["CurrentInstanceCount"]) == ("only", 1.0, 1)
    assert variant["DeployedImages"][0]["SpecifiedImage"].endswith("sagemaker-scikit-learn:1.9-0-cpu-py3")


def test_a_content_type_that_no_handler_knows_is_the_models_error(endpoints, served):
    with pytest.raises(ClientError) as caught:
        endpoints.ask(served, "x", "image/png")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelError", 424)
    assert answer["OriginalStatusCode"] == 500
    assert "image/png is not supported" in answer["OriginalMessage"]
    assert f"/aws/sagemaker/Endpoints/{served}" in answer["Error"]["Message"]


def test_an_exception_of_the_model_is_424_and_in_the_log(endpoints, client):
    name = endpoints.create(endpoints.config(only=(endpoints.model(CHOOSY), 1.0)))
    assert endpoints.settled(name)["EndpointStatus"] == "InService"
    with pytest.raises(ClientError) as caught:
        endpoints.ask(name, "1,2\n")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["OriginalStatusCode"]) == ("ModelError", 424, 500)
    assert "rows must have two columns" in answer["OriginalMessage"]
    assert 'Received server error (500) from primary with message "' in answer["Error"]["Message"]
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_a_model_that_does_not_load_fails_the_endpoint_with_its_last_words(endpoints, client):
    name = endpoints.create(endpoints.config(only=(endpoints.model(BROKEN), 1.0)))
    described = endpoints.settled(name)
    assert described["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in described["FailureReason"]
    assert "no such column: temp" in described["FailureReason"]
    assert any("no such column: temp" in line for line in until(lambda: log_lines(client("logs"), f"/aws/sagemaker/Endpoints/{name}", "only/")))
    with pytest.raises(ClientError, match="not found"):
        endpoints.ask(name, "1,2\n")
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


@pytest.fixture(scope="module")
def changing(endpoints):
    """An endpoint that the tests of this module update; its model says 1."""
    name = endpoints.create(endpoints.config(only=(endpoints.model(SLOW.format(value=1)), 1.0)))
    assert endpoints.settled(name)["EndpointStatus"] == "InService"
    return name


def test_an_update_drops_no_request(endpoints, changing):
    with steady_requests(endpoints, changing) as answers:
        endpoints.sagemaker.update_endpoint(EndpointName=changing, EndpointConfigName=endpoints.config(only=(endpoints.model(SLOW.format(value=2)), 1.0)))
        assert endpoints.described(changing)["EndpointStatus"] == "Updating"
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            endpoints.sagemaker.update_endpoint(EndpointName=changing, EndpointConfigName=endpoints.described(changing)["EndpointConfigName"])
        endpoints.settled(changing)
        before = len(answers)
        until(lambda: len(answers) > before + 2 * CLIENTS)
    assert [answer for answer in answers if isinstance(answer, ClientError)] == []
    assert set(answers) == {b"[1]", b"[2]"}
    assert answers[-1] == b"[2]"


def test_an_update_to_a_broken_model_keeps_the_old_configuration(endpoints, changing):
    before = endpoints.described(changing)["EndpointConfigName"]
    answer = endpoints.ask(changing, "x")["Body"]
    with steady_requests(endpoints, changing) as answers:
        endpoints.sagemaker.update_endpoint(EndpointName=changing, EndpointConfigName=endpoints.config(only=(endpoints.model(BROKEN), 1.0)))
        described = endpoints.settled(changing)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
    assert set(answers) == {answer}


def test_a_variant_is_asked_for_by_name_or_drawn_by_weight(endpoints):
    model = endpoints.model(CONSTANT.format(value=1))
    name = endpoints.create(endpoints.config(first=(model, 1.0), shadow=(endpoints.model(CONSTANT.format(value=2)), 0.0)))
    assert endpoints.settled(name)["EndpointStatus"] == "InService"
    assert {endpoints.ask(name, "x")["InvokedProductionVariant"] for _ in range(10)} == {"first"}
    answer = endpoints.ask(name, "x", TargetVariant="shadow")
    assert (answer["Body"], answer["InvokedProductionVariant"]) == (b"[2]", "shadow")
    with pytest.raises(ClientError, match="Variant none was not found") as caught:
        endpoints.ask(name, "x", TargetVariant="none")
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    moved = [{"VariantName": "first", "DesiredWeight": 0.0}, {"VariantName": "shadow", "DesiredWeight": 1.0}]
    endpoints.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=moved)
    assert {endpoints.ask(name, "x")["InvokedProductionVariant"] for _ in range(10)} == {"shadow"}
    retains_what_was_changed(endpoints, name, model)
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def retains_what_was_changed(endpoints, name, model):
    """`RetainAllVariantProperties` keeps the present weights over the new configuration's; without it they are the configuration's."""
    config = endpoints.config(first=(model, 5.0), shadow=(model, 6.0))
    endpoints.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config, RetainAllVariantProperties=True)
    shown = {variant["VariantName"]: variant["CurrentWeight"] for variant in endpoints.settled(name)["ProductionVariants"]}
    assert shown == {"first": 0.0, "shadow": 1.0}
    endpoints.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    shown = {variant["VariantName"]: variant["CurrentWeight"] for variant in endpoints.settled(name)["ProductionVariants"]}
    assert shown == {"first": 5.0, "shadow": 6.0}


def test_a_deleted_endpoint_is_gone_and_its_states_were_told(endpoints, listen):
    listener = listen("SageMaker Endpoint State Change", {"EndpointStatus": ["IN_SERVICE", "DELETING"]})
    name = endpoints.create(endpoints.config(only=(endpoints.model(CONSTANT.format(value=1)), 1.0)))
    endpoints.settled(name)
    until(lambda: [d for d in listener.details() if (d["EndpointName"], d["EndpointStatus"]) == (name, "IN_SERVICE")])
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
    for call in (lambda: endpoints.described(name), lambda: endpoints.ask(name, "x")):
        with pytest.raises(ClientError, match=r"not found|Could not find endpoint"):
            call()
    until(lambda: [d for d in listener.details() if (d["EndpointName"], d["EndpointStatus"]) == (name, "DELETING")])


def test_a_configuration_names_models_that_exist(endpoints):
    with pytest.raises(ClientError, match='Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/none"'):
        endpoints.config(only=("none", 1.0))


def test_a_model_of_a_registered_package_is_served(endpoints, sagemaker, name):
    container = sagemaker.describe_model(ModelName=endpoints.model(MODEL_FN))["PrimaryContainer"]
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    specification = {
        "Containers": [{key: container[key] for key in ("Image", "ModelDataUrl", "Environment")}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    arn = sagemaker.create_model_package(ModelPackageGroupName=name, InferenceSpecification=specification)["ModelPackageArn"]
    model = fresh()
    sagemaker.create_model(ModelName=model, PrimaryContainer={"ModelPackageName": arn}, ExecutionRoleArn=endpoints.role)
    endpoint = endpoints.create(endpoints.config(only=(model, 1.0)))
    assert endpoints.settled(endpoint)["EndpointStatus"] == "InService"
    assert json.loads(endpoints.ask(endpoint, "2.5,0.5\n0.5,0.5\n")["Body"]) == pytest.approx([5.0, 1.0])
    sagemaker.delete_endpoint(EndpointName=endpoint)


#: The first container of a pipeline: adds one to each number, and refuses what is none.
ADD_ONE = """
def model_fn(folder):
    return None
def input_fn(data, content_type):
    return [[float(value) + 1 for value in line.split(",")] for line in data.split()]
def predict_fn(rows, model):
    return rows
def output_fn(rows, accept):
    return "".join(",".join(map(repr, row)) + "\\n" for row in rows), "text/csv"
"""


def test_a_pipeline_sends_each_containers_answer_to_the_next(sagemaker, endpoints, bucket, client, name):
    def container(inference):
        data = bucket.put(packed({"model.joblib": endpoints.weights, "code/inference.py": inference}))
        return {"Image": IMAGE, "ModelDataUrl": data, "Environment": {"SAGEMAKER_PROGRAM": "inference.py"}}

    sagemaker.create_model(ModelName=name, Containers=[container(ADD_ONE), container(MODEL_FN)], ExecutionRoleArn=endpoints.role)
    endpoint = endpoints.create(endpoints.config(only=(name, 1.0)))
    described = endpoints.settled(endpoint)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert len(described["ProductionVariants"][0]["DeployedImages"]) == 2
    assert json.loads(endpoints.ask(endpoint, "2.0,0\n4.0,1\n")["Body"]) == pytest.approx([6.0, 10.0])
    with pytest.raises(ClientError, match="ModelError"):
        endpoints.ask(endpoint, "two,0\n")
    streams = client("logs").describe_log_streams(logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}")["logStreams"]
    assert sorted(stream["logStreamName"].rpartition("/")[2] for stream in streams) == ["container-1", "container-2"]
