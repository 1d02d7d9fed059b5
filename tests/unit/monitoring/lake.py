"""A served model's traffic and ground truth in S3 in memory, and monitoring runs over them."""

import copy
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto import mock_aws

from noria.adapters import objects
from noria.monitoring.judge_window import judge_window
from noria.monitoring.read_window import read_window
from noria.training import quality
from tests.datasets import write_dataset
from tests.samples import sample

RELEASE = {"id": "r1", "time": "2026-01-01T00:00:00.000Z", "model_package_arn": "m/1"}
SPEC = sample("functions/monitoring/read_window.json")["spec"]


def new_spec() -> dict:
    result = copy.deepcopy(SPEC)
    column = {"nullable": True, "between": None, "values": None, "drift": "watch"}
    result["data"] |= {"time": "at", "key": [], "min_rows": 1, "columns": {"x": {"type": "number", **column}, "kind": {"type": "string", **column}}}
    result["target"] = "y"
    return result


class Lake:
    """The buckets of one served model, and the state of its monitoring."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.state: str | None = None
        self.number = 0
        self.previous: dict | None = None
        self.release = RELEASE
        self.importance: dict | None = None
        self.spec = new_spec()
        for bucket in ("lake", "artifacts"):
            self.s3.create_bucket(Bucket=bucket)
        drawn = random.Random(0)
        rows = "".join(f"2025-{1 + i // 672:02}-{1 + i % 672 // 24:02}T{i % 24:02}:00:00,{drawn.gauss(0, 1)},{'ab'[i % 2]},1\n" for i in range(5376))
        write_dataset("lake", "curated/m/d/", f"at,x,kind,y\n{rows}", self.spec)
        self.evaluate("1\n0\n")

    def evaluate(self, answers: str, wrong: int = 0) -> None:
        """Four hundred rows of the holdout: the predictions of each two of them, of which so many are wrong."""
        predictions = (answers * 200).splitlines()
        truth = [answer[0] if i >= wrong else "10"[int(answer[0])] for i, answer in enumerate(predictions)]
        self.s3.put_object(Bucket="artifacts", Key="runs/m/r/predictions/candidate/holdout.csv.out", Body="\n".join(predictions).encode())
        self.s3.put_object(Bucket="artifacts", Key="runs/m/r/truth/truth.csv", Body="\n".join(truth).encode())

    def capture(self, name: str, rows: list[str], answers: list[str], at: str = "2026-01-02T00:00:00Z") -> None:
        data = {"endpointInput": {"data": "\n".join(rows) + "\n", "encoding": "CSV"}, "endpointOutput": {"data": "\n".join(answers) + "\n", "encoding": "CSV"}}
        line = json.dumps({"captureData": data, "eventMetadata": {"eventId": "e", "inferenceTime": at, "inferenceId": name}})
        key = f"capture/e/main/{at[:4]}/{at[5:7]}/{at[8:10]}/{at[11:13]}/{at[14:16]}-{at[17:19]}-{name}.jsonl"
        self.s3.put_object(Bucket="lake", Key=key, Body=line.encode())

    def upload_truth(self, file: str, text: str) -> None:
        self.s3.put_object(Bucket="lake", Key=f"truth/m/{file}", Body=text.encode())

    def run(self, now: str = "2026-01-02T01:00:00.000Z", token: str = "t", recorded: bool = True) -> dict:
        """One monitoring run: what was read, and the judgement; a run that is not recorded was overtaken."""
        baseline = quality.QualityBaseline("accuracy", 0.9, 0.85).to_json()
        event = {"model": "m", "bucket": "lake", "artifacts": "artifacts", "endpoint": "e", "number": self.number + 1, "token": f"{token}{self.number}"}
        event |= {
            "state": self.state,
            "release": self.release,
            "spec": self.spec,
            "quality_baseline": baseline,
            "dataset_folder": "curated/m/d/",
            "run_folder": "runs/m/r/",
        }
        result = read_window({**event, "now": now})
        cause = {**sample("functions/monitoring/judge_window.json")["cause"], "time": now}
        event["importance"] = self.importance
        judged = judge_window({"model": "m", "window": result, **event, "previous": self.previous, "ledger": "l", "cause": cause, "started_at": now})
        if recorded:
            self.number, self.state = self.number + 1, result["state"]
            self.previous = json.loads(judged["record"]["Item"]["document"]["S"])
        return {**result, "judged": judged}


@contextmanager
def open_lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake of its own, and S3 in memory around it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        objects._client.cache_clear()
        yield Lake()
    objects._client.cache_clear()


def traffic(lake: Lake, count: int = 1200, shift: float = 0.0, kind: str | None = None, name: str = "n", at: str = "2026-01-02T00:00:00Z") -> None:
    drawn = random.Random(1)
    lake.capture(name, [f"{drawn.gauss(shift, 1)},{'ab'[i % 2] if kind is None else kind}" for i in range(count)], ["1", "0"] * (count // 2), at)


def truths(count: int, wrong: int = 0, name: str = "n", skip: int = 0) -> str:
    rows = [f"{name}#{i},2025-12-{1 + i % 28:02},{int(i % 2 == 0) if i >= wrong else int(i % 2 == 1)}" for i in range(skip, count)]
    return "\n".join(["prediction_id,at,y", *rows, ""])


def answers(result: dict) -> int:
    return round(sum(quality.merge_counts(result["days"]).values()))
