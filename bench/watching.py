"""What it costs to watch one model for a month: hourly looks at a million predictions, priced."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from bench.healing import _bikeshare
from bench.results import ROOT, Result
from cli import specs
from noria.adapters import objects
from noria.monitoring.judging import judge_window
from noria.monitoring.window import read_window
from noria.profile.curating import keep
from noria.training import quality

Json = dict[str, Any]
#: Looks of a month, predictions of it, and files of captured traffic in an hour.
LOOKS, PREDICTIONS, FILES = 720, 1_000_000, 12
#: Looks that are measured, and the memory of both functions (GB).
MEASURED, READ_GB, JUDGE_GB = 24, 2.0, 0.5
#: States of a look and of its share of the patrol; items read and written; events; metrics.
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
    """A day of looks over real rows, times thirty."""
    prices = json.loads(Path(__file__).with_name("prices.json").read_text())
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws(), patch.dict(os.environ, keys):
        objects._client.cache_clear()
        counter, seconds = _day()
        objects._client.cache_clear()
    each = {
        "state transitions": STATES * prices["state_transition"],
        "Lambda": 2 * prices["lambda_request"] + prices["lambda_gb_second"] * (READ_GB * seconds[0] + JUDGE_GB * seconds[1]),
        "S3": (counter.puts * prices["s3_put"] + counter.gets * prices["s3_get"]) / MEASURED,
        "DynamoDB": READS * prices["dynamodb_read"] + WRITES * prices["dynamodb_write"],
        "events": EVENTS * prices["eventbridge_event"],
        "PutMetricData": prices["put_metric_data"],
    }
    month = {name: LOOKS * price for name, price in each.items()} | {"metrics and alarms": METRICS * prices["custom_metric"] + 2 * prices["alarm"]}
    other = LOOKS * MONITOR_MINUTES / 60 * prices["processing_m5_xlarge_hour"]
    parts = {name: f"{price:.2f} USD" for name, price in month.items()}
    parts["a look"] = f"{seconds[0]:.2f} s to read, {seconds[1]:.3f} s to judge, {counter.gets / MEASURED:.0f} objects read"
    parts["Model Monitor"] = f"{LOOKS} jobs of {MONITOR_MINUTES} minutes on ml.m5.xlarge"
    return Result("watching", round(sum(month.values()), 2), round(other, 2), "USD a month", f"watching one model, hourly, {PREDICTIONS:,} predictions", parts)


def _day() -> tuple[Counter, tuple[float, float]]:
    """Looks at a day of traffic; the mean seconds of reading and of judging."""
    s3 = boto3.client("s3")
    for bucket in ("lake", "artifacts"):
        s3.create_bucket(Bucket=bucket)
    spec = specs.load(ROOT / "models" / MODEL / "model.yaml").model_dump(mode="json")
    rows = _bikeshare()
    names = list(rows[0])
    known, asked = ([row for row in rows if row["ts"][:4] == year] for year in ("2011", "2012"))
    keep("lake", f"curated/{MODEL}/d/", "\n".join([",".join(names), *(",".join(map(str, row.values())) for row in known), ""]), "ts")
    held = known[-len(known) // 5 :]
    _put(s3, "artifacts", "runs/m/r/predictions/candidate/holdout.csv.out", "".join(f"{row['busy']},{0.9 if row['busy'] else 0.1}\n" for row in held))
    _put(s3, "artifacts", "runs/m/r/truth/truth.csv", "".join(f"{row['busy']},{row['ts']}\n" for row in held))
    event: Json = {"model": MODEL, "bucket": "lake", "artifacts": "artifacts", "endpoint": "e", "spec": spec, "run_folder": "runs/m/r/"}
    event |= {"release": {"id": "r", "time": RELEASED.isoformat(), "version": "m/1"}, "baseline": f"curated/{MODEL}/d/", "state": None}
    event |= {"level": quality.Level("accuracy", 0.93, 0.91).to_json(), "importance": None, "previous": None, "ledger": "l"}
    counter, spent = Counter(), [0.0, 0.0]
    objects._client().meta.events.register("before-call.s3", counter.count)
    for number in range(MEASURED):
        now = RELEASED + timedelta(hours=number + 1)
        _captured(s3, asked, number, now - timedelta(hours=1))
        event |= {"number": number + 1, "token": str(number), "now": now.isoformat(), "began": now.isoformat()}
        began = time.perf_counter()
        look = read_window(event)
        spent[0] += time.perf_counter() - began
        cause = {"bus": "b", "stage": "s", "time": now.isoformat(), "correlation_id": "c", "causation_id": "c"}
        began = time.perf_counter()
        judged = judge_window({**event, "look": look, "cause": cause})
        spent[1] += time.perf_counter() - began
        event |= {"state": look["state"], "previous": json.loads(judged["record"]["Item"]["document"]["S"])}
    return counter, (spent[0] / MEASURED, spent[1] / MEASURED)


def _captured(s3: Any, rows: list[Json], hour: int, since: datetime) -> None:
    """An hour of captured traffic."""
    size = PREDICTIONS // LOOKS // FILES
    for file in range(FILES):
        at = since + timedelta(minutes=5 * file)
        lines = []
        for number in range(size):
            row = rows[(hour * FILES * size + file * size + number) * 7 % len(rows)]
            features = ",".join(str(value) for name, value in row.items() if name not in ("ts", "busy"))
            answer = f"{row['busy']},{0.9 if row['busy'] else 0.1}"
            data = {"endpointInput": {"data": features, "encoding": "CSV"}, "endpointOutput": {"data": answer, "encoding": "CSV"}}
            lines.append(
                json.dumps({"captureData": data, "eventMetadata": {"eventId": f"{hour}-{file}-{number}", "inferenceTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}})
            )
        _put(s3, "lake", f"capture/e/main/{at:%Y/%m/%d/%H/%M-%S}-{file}.jsonl", "\n".join(lines))


def _put(s3: Any, bucket: str, key: str, text: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
