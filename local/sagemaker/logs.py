"""A job's output: lines into CloudWatch Logs as they come, metrics found in them by regular expression."""

import re
import threading
import time
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from local.sagemaker import storage

NAMESPACE = "/aws/sagemaker/TrainingJobs"
#: Lines go out when this many have come or this long has passed (seconds).
BATCH_LINES, BATCH_SECONDS = 200, 0.5


class Log:
    """One stream. Where the role may not write logs, the job goes on without them, as on AWS.

    Args:
        role_arn: the execution role of the job or endpoint.
        group: `/aws/sagemaker/TrainingJobs` for one.
        definitions: `MetricDefinitions` of a training job.
    """

    def __init__(self, role_arn: str, group: str, stream: str, definitions: Iterable[dict[str, str]] = (), dimension: str = "") -> None:
        self._group, self._stream, self._dimension = group, stream, dimension
        self._definitions = [(definition["Name"], re.compile(definition["Regex"])) for definition in definitions]
        self._logs, self._metrics = storage.client("logs", role_arn), storage.client("cloudwatch", role_arn)
        self._pending: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self.found: dict[str, dict[str, Any]] = {}
        self.tail: list[str] = []
        _ignore_denied(self._logs.create_log_group, logGroupName=group)
        _ignore_denied(self._logs.create_log_stream, logGroupName=group, logStreamName=stream)

    def write(self, line: str) -> None:
        self.tail = [*self.tail[-40:], line]
        with self._lock:
            self._pending.append({"timestamp": int(time.time() * 1000), "message": line or " "})
            if len(self._pending) == 1:
                self._later()
        for name, pattern in self._definitions:
            if match := pattern.search(line):
                self._measure(name, match[1])
        if len(self._pending) >= BATCH_LINES:
            self.flush()

    def _later(self) -> None:
        timer = threading.Timer(BATCH_SECONDS, self.flush)
        timer.daemon = True
        timer.start()

    def flush(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, []
            if not pending:
                return
            _ignore_denied(self._logs.put_log_events, logGroupName=self._group, logStreamName=self._stream, logEvents=pending)

    def _measure(self, name: str, text: str) -> None:
        try:
            value = float(text)
        except ValueError:
            return
        self.found[name] = {"MetricName": name, "Value": value, "Timestamp": time.time()}
        datum = {"MetricName": name, "Value": value, "Dimensions": [{"Name": "TrainingJobName", "Value": self._dimension}]}
        _ignore_denied(self._metrics.put_metric_data, Namespace=NAMESPACE, MetricData=[datum])


def _ignore_denied(call: Any, **request: Any) -> None:
    try:
        call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException", "ResourceAlreadyExistsException", "ResourceNotFoundException"):
            raise
