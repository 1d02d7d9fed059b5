"""The unmodified SageMaker SDK against the local AWS, from a local folder of source to a deleted endpoint."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local import lifecycle
from tests.local.sagemaker.conftest import IMAGE
from tests.local.sagemaker.inference import MODEL_FN

CLIENT = Path(__file__).with_name("sdk_client.py")
PYTHON = lifecycle.ROOT / ".noria" / "envs" / "sdk" / "bin" / "python"
LIMIT_SECONDS = 100
TRAIN = """
import argparse, os, shutil
import joblib, numpy, pandas
from sklearn.linear_model import LinearRegression
parser = argparse.ArgumentParser()
parser.add_argument("--slope", type=float)
parser.add_argument("--words")
given = parser.parse_args()
assert given.words == "two words"
rows = pandas.read_csv(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "rows.csv"), header=None).to_numpy()
model = LinearRegression().fit(rows, given.slope * rows[:, 0])
joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
shutil.copytree("serving", os.path.join(os.environ["SM_MODEL_DIR"], "code"))
print("fitted with slope", given.slope)
"""
PROCESS = """
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--keep", type=int)
lines = pathlib.Path("/opt/ml/processing/input/rows/rows.csv").read_text().splitlines(keepends=True)
pathlib.Path("/opt/ml/processing/output/rows.csv").write_text("".join(lines[:parser.parse_args().keep]))
"""
#: The SDK's defaults that would reach out for AWS itself.
CONFIG = """
SchemaVersion: "1.0"
SageMaker: {{PythonSDK: {{Modules: {{TelemetryOptOut: true, Session: {{DefaultS3Bucket: {bucket}}}}}}}}}
"""


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    (source / "serving").mkdir(parents=True)
    (source / "train.py").write_text(TRAIN)
    (source / "process.py").write_text(PROCESS)
    (source / "requirements.txt").write_text("pandas\n")
    (source / "serving" / "inference.py").write_text(MODEL_FN)
    return source


def test_the_sdk_processes_trains_deploys_asks_registers_and_deletes(running, bucket, role, jobs, folder, tmp_path):
    bucket.put("0,1\n1,0\n2,1\n3,0\n", "sdk/data/rows.csv")
    (tmp_path / "config.yaml").write_text(CONFIG.format(bucket=bucket.name))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))},
        **running.environment(),
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(tmp_path / "config.yaml"),
        "SAGEMAKER_VALIDATE_ROLE": "false",
    }
    command = [str(PYTHON), str(CLIENT), bucket.name, role, IMAGE, str(folder)]
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    report = json.loads(ended.stdout.splitlines()[-1])
    assert (report["status"], report["endpoint"]) == ("Completed", "InService")
    assert bucket.get(report["processed"]) == b"0,1\n1,0\n"
    assert report["answer"] == pytest.approx([5.0, 1.0])
    assert (report["version"], report["approval"]) == (1, "PendingManualApproval")
    assert report["model_data"].endswith(f"/{report['job']}/output/model.tar.gz")
    assert any("fitted with slope 2.0" in line for line in jobs.lines(report["job"]))
    assert "fitted with slope 2.0" in ended.stdout + ended.stderr
    for call, request in (("describe_endpoint", "EndpointName"), ("describe_model", "ModelName"), ("describe_model_package_group", "ModelPackageGroupName")):
        with pytest.raises(ClientError):
            getattr(jobs.sagemaker, call)(**{request: report["job"]})
