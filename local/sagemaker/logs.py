"""Output of jobs and model servers: lines to CloudWatch Logs, and the metrics that a training job's regular expressions find in them."""

import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError

from local.sagemaker.execution_role import client

TRAINING_GROUP = "/aws/sagemaker/TrainingJobs"
#: Lines are sent when there are so many, or after so long (seconds).
BATCH_LINES, BATCH_SECONDS = 200, 0.5
#: Last lines that a failure reason is taken from.
TAIL_LINES = 41
#: Errors of CloudWatch that cost the log, not the job.
HARMLESS = ("AccessDenied", "AccessDeniedException", "ResourceAlreadyExistsException", "ResourceNotFoundException")


class Log:
    """One log stream. Where the role may not write logs, the job goes on without them, as on AWS.

    Args:
        role_arn: the execution role of the job or endpoint.
        group: the log group, such as `/aws/sagemaker/TrainingJobs`.
        definitions: `MetricDefinitions` of a training job.
        job: name of the training job, the dimension of its metrics.

    Attributes:
        metrics: the last value of each metric, as `FinalMetricDataList` has it.
        tail: the last lines.
    """

    def __init__(self, role_arn: str, group: str, stream: str, definitions: Iterable[dict[str, str]] = (), job: str = "") -> None:
        self._group, self._stream, self._job = group, stream, job
        self._definitions = [(definition["Name"], re.compile(definition["Regex"])) for definition in definitions]
        self._logs, self._cloudwatch = client("logs", role_arn), client("cloudwatch", role_arn)
        self._pending: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self.metrics: dict[str, dict[str, Any]] = {}
        self.tail: list[str] = []
        _send(self._logs.create_log_group, logGroupName=group)
        _send(self._logs.create_log_stream, logGroupName=group, logStreamName=stream)

    def write(self, line: str) -> None:
        """Add a line; it is sent with the next batch."""
        self.tail = [*self.tail[1 - TAIL_LINES :], line]
        with self._lock:
            self._pending.append({"timestamp": int(time.time() * 1000), "message": line or " "})
            if len(self._pending) == 1:
                self._flush_later()
        for name, pattern in self._definitions:
            if match := pattern.search(line):
                self._put_metric(name, match[1])
        if len(self._pending) >= BATCH_LINES:
            self.flush()

    def flush(self) -> None:
        """Send all lines that are pending."""
        with self._lock:
            pending, self._pending = self._pending, []
            if not pending:
                return
            _send(self._logs.put_log_events, logGroupName=self._group, logStreamName=self._stream, logEvents=pending)

    def _flush_later(self) -> None:
        timer = threading.Timer(BATCH_SECONDS, self.flush)
        timer.daemon = True
        timer.start()

    def _put_metric(self, name: str, text: str) -> None:
        try:
            value = float(text)
        except ValueError:
            return
        self.metrics[name] = {"MetricName": name, "Value": value, "Timestamp": time.time()}
        datum = {"MetricName": name, "Value": value, "Dimensions": [{"Name": "TrainingJobName", "Value": self._job}]}
        _send(self._cloudwatch.put_metric_data, Namespace=TRAINING_GROUP, MetricData=[datum])


def _send(call: Callable[..., Any], **request: Any) -> None:
    """Call CloudWatch; the role may lack the permission."""
    try:
        call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] not in HARMLESS:
            raise
