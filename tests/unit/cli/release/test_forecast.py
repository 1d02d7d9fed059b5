"""What is said of the next release when a spec is published."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from cli.base import ledger
from cli.release.forecast import forecast, traffic
from noria.spec.rollout import RolloutSpec
from tests.samples import ROOT

ROLLOUT = RolloutSpec().model_dump(mode="json")


def counted(hours: int = 10, **values: float) -> SimpleNamespace:
    """CloudWatch with hourly sums of the last hours, by query."""
    now = datetime.now(UTC)

    def get_metric_data(MetricDataQueries, StartTime, EndTime):
        assert (EndTime - StartTime, MetricDataQueries[0]["MetricStat"]["Period"]) == (timedelta(days=7), 3600)
        times = [now - timedelta(hours=hour) for hour in range(1, hours + 1)]
        results = [(query["Id"], values.get(query["Id"], 0.0)) for query in MetricDataQueries]
        return {
            "MetricDataResults": [{"Id": name, "Timestamps": times if value else [], "Values": [value] * hours if value else []} for name, value in results]
        }

    return SimpleNamespace(get_metric_data=get_metric_data)


def test_the_rate_is_that_of_both_variants_since_the_first_request():
    session = SimpleNamespace(cloudwatch=counted(requests_main=324.0, requests_challenger=36.0, errors_main=3.0, errors_challenger=0.6))
    result = traffic(session, "noria-m")
    assert (round(result.rps, 3), round(result.errors, 3)) == (0.1, 0.01)
    assert traffic(SimpleNamespace(cloudwatch=counted()), "noria-m") is None


@pytest.fixture
def champion(put) -> None:
    put("CHAMPION", {"endpoint": "noria-m", "model_package_arn": "arn/3"}, time="t", sagemaker_model="sm")


def test_a_published_spec_says_what_its_next_release_will_do(stack, champion):
    stack.__dict__["cloudwatch"] = counted(requests_main=360.0)
    assert forecast(stack, ledger.read(stack, "m"), ROLLOUT).startswith("at 0.1 requests a second")
    assert forecast(stack, ledger.read(stack, "nobody"), ROLLOUT).startswith("the first version takes all")


def test_who_may_not_read_metrics_publishes_all_the_same(stack, champion):
    def get_metric_data(**_):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")

    stack.__dict__["cloudwatch"] = SimpleNamespace(get_metric_data=get_metric_data)
    assert forecast(stack, ledger.read(stack, "m"), ROLLOUT) is None


def test_the_command_says_it_in_one_line(stack, noria):
    assert "  next release: the first version takes all of the traffic" in noria("publish", ROOT / "models" / "bikeshare").stdout
