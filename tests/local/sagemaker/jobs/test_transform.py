"""Transform jobs: lines through a real server, answers beside the input's names."""

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.waiting import until
from tests.local.sagemaker.conftest import ENDED, fresh

#: Refuses what it cannot read; counts its calls in its answers.
COUNTING = """
calls = []
def model_fn(folder):
    return None
def input_fn(data, content_type):
    text = data if isinstance(data, str) else data.decode()
    if "bad" in text:
        raise ValueError("bad row: " + text.strip())
    return text.splitlines()
def predict_fn(rows, model):
    calls.append(1)
    return [f"{len(calls)}:{row}" for row in rows]
def output_fn(rows, accept):
    return "\\n".join(rows)
"""


@pytest.fixture(scope="module")
def counting(endpoints):
    return endpoints.model(COUNTING)


@pytest.fixture
def transform(sagemaker, bucket, name):
    """Runs a transform job over objects by key; its description once it has ended."""

    def run(model, objects, split="Line", **request):
        for key, body in objects.items():
            bucket.put(body, f"{name}/in/{key}")
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket.name}/{name}/in/"}}
        defaults = {
            "TransformJobName": name,
            "ModelName": model,
            "TransformInput": {"DataSource": source, "ContentType": "text/csv", "SplitType": split},
            "TransformOutput": {"S3OutputPath": f"s3://{bucket.name}/{name}/out", "Accept": "text/csv", "AssembleWith": "Line"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        sagemaker.create_transform_job(**defaults | request)
        return until(lambda: described if (described := sagemaker.describe_transform_job(TransformJobName=name))["TransformJobStatus"] in ENDED else None, 60)

    return run


def test_answers_lie_beside_the_names_of_their_input(transform, endpoints, bucket, name):
    ended = transform(endpoints.model(), {"a.csv": "0.5,1.5\n2.5,0.5\n", "sub/b.csv": "1.5,0.5\n3.5,1.5\n"})
    assert ended["TransformJobStatus"] == "Completed", ended["FailureReason"]
    assert bucket.keys(f"{name}/out/") == [f"{name}/out/a.csv.out", f"{name}/out/sub/b.csv.out"]
    answers = [float(line) for line in bucket.get(f"s3://{bucket.name}/{name}/out/a.csv.out").split()]
    assert answers == pytest.approx([1.0, 5.0])
    assert ended["CreationTime"] <= ended["TransformStartTime"] <= ended["TransformEndTime"]


def test_single_records_are_asked_for_one_by_one(transform, counting, bucket, name):
    transform(counting, {"a.csv": "x\ny\nz\n"}, BatchStrategy="SingleRecord")
    assert bucket.get(f"s3://{bucket.name}/{name}/out/a.csv.out") == b"1:x\n2:y\n3:z\n"


def test_records_go_together_up_to_the_payload_limit(transform, counting, bucket, name):
    line = "x" * 400_000
    transform(counting, {"a.csv": f"{line}\n{line}\n{line}\n"}, BatchStrategy="MultiRecord", MaxPayloadInMB=1)
    assert [row[:2] for row in bucket.get(f"s3://{bucket.name}/{name}/out/a.csv.out").splitlines()] == [b"1:", b"1:", b"2:"]


def test_a_model_that_refuses_a_record_fails_the_job_with_its_words(transform, counting):
    ended = transform(counting, {"a.csv": "x\nbad\n"})
    assert ended["TransformJobStatus"] == "Failed"
    assert ended["FailureReason"].startswith("AlgorithmError: ")
    assert "ValueError: bad row" in ended["FailureReason"]


def test_missing_input_fails_the_job_with_its_place(transform, counting, bucket, name):
    ended = transform(counting, {})
    assert ended["TransformJobStatus"] == "Failed"
    assert f's3://{bucket.name}/{name}/in/"' in ended["FailureReason"]


def test_a_model_that_does_not_load_fails_the_job_with_its_last_words(transform, endpoints):
    ended = transform(endpoints.model("def model_fn(folder):\n    raise RuntimeError('no weights')\n"), {"a.csv": "x\n"})
    assert ended["TransformJobStatus"] == "Failed"
    assert "no weights" in ended["FailureReason"]


def test_a_stopped_job_says_so(sagemaker, endpoints, bucket, name):
    slow = "import time\ndef model_fn(folder):\n    return None\ndef predict_fn(data, model):\n    time.sleep(0.3)\n    return [1]\n"
    uri = bucket.put("1,2\n" * 100, f"{name}/in/a.csv").removesuffix("a.csv")
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=endpoints.model(slow),
        BatchStrategy="SingleRecord",
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": f"s3://{bucket.name}/{name}/out", "Accept": "application/json"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    until(lambda: "TransformStartTime" in sagemaker.describe_transform_job(TransformJobName=name))
    sagemaker.stop_transform_job(TransformJobName=name)
    until(lambda: sagemaker.describe_transform_job(TransformJobName=name)["TransformJobStatus"] == "Stopped")
    assert bucket.keys(f"{name}/out") == []


def test_a_job_names_a_model_that_exists(transform):
    with pytest.raises(ClientError, match="Could not find model"):
        transform(fresh(), {})
