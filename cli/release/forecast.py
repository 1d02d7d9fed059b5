"""What the next rollout of a model will do at the traffic of the last days."""

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from cli.base.aws_errors import DENIED
from cli.base.ledger import ModelRecord
from cli.base.session import Session
from noria.kernel.published_spec import RolloutShape
from noria.release import outlook
from noria.release.outlook import Traffic
from noria.release.variants import CHALLENGER, MAIN
from noria.sagemaker.metrics import INVOCATIONS, MODEL_ERRORS, query, variant_dimensions

DAYS = timedelta(days=7)
PERIOD_SECONDS = 3600


def forecast(session: Session, record: ModelRecord, rollout: RolloutShape) -> str | None:
    """One sentence on the next rollout; nothing where the credentials may not read metrics."""
    if record.champion is None:
        return outlook.duration(rollout, first=True)
    try:
        return outlook.forecast(rollout, traffic(session, record.champion["endpoint"]))
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return None


def traffic(session: Session, endpoint: str) -> Traffic | None:
    """Requests to an endpoint in the last days and how many failed, from the first of them on; nothing where there were none."""
    now = datetime.now(UTC)
    queries: Any = [
        query(f"{name}_{variant}", statistic, variant_dimensions(endpoint, variant))
        for name, statistic in (("requests", INVOCATIONS), ("errors", MODEL_ERRORS))
        for variant in (MAIN, CHALLENGER)
    ]
    for entry in queries:
        entry["MetricStat"]["Period"] = PERIOD_SECONDS
    results = session.cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=now - DAYS, EndTime=now)["MetricDataResults"]
    counts = {kind: sum(sum(result["Values"]) for result in results if result["Id"].startswith(kind)) for kind in ("requests", "errors")}
    if not counts["requests"]:
        return None
    began = min(time for result in results for time in result["Timestamps"])
    seconds = max(PERIOD_SECONDS, (now - began).total_seconds())
    return Traffic(counts["requests"] / seconds, min(1.0, counts["errors"] / counts["requests"]))
