"""The price of monitoring one model for a month: hourly runs over a million predictions with ground truth once a day."""

import json
import os
import time
import tracemalloc
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from bench.healing import _bikeshare
from bench.results import ROOT, Result
from cli.project.spec import load
from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.text_rows import dataset_of
from noria.kernel.json import Json
from noria.monitoring.judge_window import judge_window
from noria.monitoring.read_window import read_window
from noria.training import quality

#: Monitoring runs of a month, predictions of it, and files of captured traffic in an hour.
RUNS, PREDICTIONS, FILES = 720, 1_000_000, 12
#: Ground truth comes once a day, of that day; runs of a day, and the memory of both functions (GB).
DAY, READ_GB, JUDGE_GB = 24, 2.0, 0.5
#: States of a run and of its share of the schedule; items read and written; events; metrics.
STATES, READS, WRITES, EVENTS, METRICS = 11, 8, 1, 1, 6
#: Minutes that an hourly processing job of Model Monitor is taken to be billed for; it has no shorter start than any job.
MONITOR_MINUTES = 5
RELEASED = datetime(2012, 1, 1, tzinfo=UTC)
MODEL = "bikeshare"


class Counter:
    """Counts calls of S3 by what they cost."""

    def __init__(self) -> None:
        self.puts = self.gets = 0

    def count(self, model: Any, **_: Any) -> None:
        self.puts += model.name in ("PutObject", "ListObjectsV2")
        self.gets += model.name == "GetObject"


def measure() -> Result:
    """Every run of a month, over real rows."""
    prices = json.loads(Path(__file__).with_name("prices.json").read_text())
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws(), patch.dict(os.environ, keys):
        objects._client.cache_clear()
        report = _month()
        objects._client.cache_clear()
    month = {
        "state transitions": RUNS * STATES * prices["state_transition"],
        "Lambda": 2 * RUNS * prices["lambda_request"] + prices["lambda_gb_second"] * (READ_GB * report.reading + JUDGE_GB * report.judging),
        "S3": report.counter.puts * prices["s3_put"] + report.counter.gets * prices["s3_get"],
        "DynamoDB": RUNS * (READS * prices["dynamodb_read"] + WRITES * prices["dynamodb_write"]),
        "events": RUNS * EVENTS * prices["eventbridge_event"],
        "PutMetricData": RUNS * prices["put_metric_data"],
        "metrics and alarms": METRICS * prices["custom_metric"] + 2 * prices["alarm"],
    }
    other = RUNS * MONITOR_MINUTES / 60 * prices["processing_m5_xlarge_hour"]
    parts = {name: f"{price:.2f} USD" for name, price in month.items()}
    parts["a run"] = f"{report.reading / RUNS:.2f} s to read, {report.judging / RUNS:.3f} s to judge, {report.counter.gets / RUNS:.0f} objects read"
    parts["the last run with ground truth"] = f"{report.last:.1f} s and {report.memory:.0f} MB to read"
    parts["Model Monitor"] = f"{RUNS} jobs of {MONITOR_MINUTES} minutes on ml.m5.xlarge"
    return Result("watching", round(sum(month.values()), 2), round(other, 2), "USD a month", f"watching one model, hourly, {PREDICTIONS:,} predictions", parts)


@dataclass
class Month:
    """Seconds of the runs of a month, and the last run with ground truth by itself (seconds, MB)."""

    counter: Counter
    reading: float = 0.0
    judging: float = 0.0
    last: float = 0.0
    memory: float = 0.0


def _month() -> Month:
    s3 = boto3.client("s3")
    for bucket in ("lake", "artifacts"):
        s3.create_bucket(Bucket=bucket)
    spec = load(ROOT / "models" / MODEL / "model.yaml").model_dump(mode="json")
    rows = _bikeshare()
    names = list(rows[0])
    known, request = ([row for row in rows if row["ts"][:4] == year] for year in ("2011", "2012"))
    with dataset_of(DataContract.of(spec["data"]), spec["target"], names, [[str(value) for value in row.values()] for row in known]) as dataset:
        for name, content, kind in dataset.objects(as_csv=False):
            objects.put("lake", f"curated/{MODEL}/d/{name}", content, kind)
    held = known[-len(known) // 5 :]
    _put(s3, "artifacts", "runs/m/r/predictions/candidate/holdout.csv.out", "".join(f"{row['busy']},{0.9 if row['busy'] else 0.1}\n" for row in held))
    _put(s3, "artifacts", "runs/m/r/truth/truth.csv", "".join(f"{row['busy']},{row['ts']}\n" for row in held))
    event: Any = {"model": MODEL, "bucket": "lake", "artifacts": "artifacts", "endpoint": "e", "spec": spec, "run_folder": "runs/m/r/"}
    event |= {"release": {"id": "r", "time": RELEASED.isoformat(), "model_package_arn": "m/1"}, "dataset_folder": f"curated/{MODEL}/d/", "state": None}
    event |= {"quality_baseline": quality.QualityBaseline("accuracy", 0.93, 0.91).to_json(), "importance": None, "previous": None, "ledger": "l"}
    report, truth = Month(Counter()), list[str]()
    calls = objects._client().meta.events
    calls.register("before-call.s3", report.counter.count)
    for number in range(RUNS):
        now = RELEASED + timedelta(hours=number + 1)
        truth += _captured(s3, request, number, now - timedelta(hours=1))
        event |= {"number": number + 1, "token": str(number), "now": now.isoformat(), "started_at": now.isoformat()}
        if (number + 1) % DAY == 0:
            _put(s3, "lake", f"truth/{MODEL}/{number}.csv", "\n".join(["prediction_id,busy", *truth, ""]))
            truth = []
        began = time.perf_counter()
        window = read_window(event)
        took = time.perf_counter() - began
        report.reading += took
        if number == RUNS - 1:
            calls.unregister("before-call.s3", report.counter.count)
            report.last, report.memory = took, _memory(event)
        cause = {"bus": "b", "stage": "s", "time": now.isoformat(), "correlation_id": "c", "causation_id": "c"}
        began = time.perf_counter()
        judgement: Any = {**event, "window": window, "cause": cause}
        judged = judge_window(judgement)
        report.judging += time.perf_counter() - began
        event |= {"state": window["state"], "previous": json.loads(judged["record"]["Item"]["document"]["S"])}
    return report


def _memory(event: Any) -> float:
    """The memory of a monitoring run at most (MB); the run is repeated for it, which changes nothing."""
    tracemalloc.start()
    read_window(event)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def _captured(s3: Any, rows: list[Json], hour: int, since: datetime) -> list[str]:
    """An hour of captured traffic; lines of what is true of it."""
    size, truth = PREDICTIONS // RUNS // FILES, []
    for file in range(FILES):
        at = since + timedelta(minutes=5 * file)
        lines = []
        for number in range(size):
            row = rows[(hour * FILES * size + file * size + number) * 7 % len(rows)]
            features = ",".join(str(value) for name, value in row.items() if name not in ("ts", "busy"))
            answer = f"{row['busy']},{0.9 if row['busy'] else 0.1}"
            truth.append(f"{hour}-{file}-{number},{row['busy']}")
            data = {"endpointInput": {"data": features, "encoding": "CSV"}, "endpointOutput": {"data": answer, "encoding": "CSV"}}
            lines.append(
                json.dumps({"captureData": data, "eventMetadata": {"eventId": f"{hour}-{file}-{number}", "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}})
            )
        _put(s3, "lake", f"capture/e/main/{at:%Y/%m/%d/%H/%M-%S}-{file}.jsonl", "\n".join(lines))
    return truth


def _put(s3: Any, bucket: str, key: str, text: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
