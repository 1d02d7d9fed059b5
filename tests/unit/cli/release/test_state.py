"""What `noria watch` shows of a release under way is what the guard would see now."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from cli.base.errors import CliError
from cli.project.spec import load
from cli.release import live
from cli.release.state import guard_findings, release_state
from noria.spec import ModelSpec
from tests.samples import ROOT

BEGAN = datetime.now(UTC) - timedelta(minutes=10)
TIMES = [BEGAN + timedelta(minutes=minute) for minute in (2, 3, 4)]
COUNTS = {"challenger_requests_0": 10.0, "challenger_hits_0": 8.0, "champion_requests_0": 90.0, "champion_hits_0": 1.0}
VARIANT = {"requests": 100.0, "errors": 9.0, "p99": 250_000.0}
ENDPOINT = {"EndpointName": "noria-m", "EndpointStatus": "InService", "EndpointConfigName": "c"}


def spec() -> dict:
    document: ModelSpec = load(ROOT / "models" / "bikeshare" / "model.yaml")
    return {**document.model_dump(mode="json"), "id": "s"}


def cloudwatch(requests: list[dict]) -> SimpleNamespace:
    """Counts the same in each of three periods."""

    def get_metric_data(**request):
        requests.append(request)
        values = {query["Id"]: {**COUNTS, **VARIANT}.get(query["Id"]) for query in request["MetricDataQueries"]}
        return {"MetricDataResults": [{"Id": name, "Timestamps": TIMES, "Values": [value] * 3} for name, value in values.items() if value is not None]}

    return SimpleNamespace(get_metric_data=get_metric_data)


def test_what_was_counted_since_the_release_began_is_in_the_findings():
    requests: list[dict] = []
    session = SimpleNamespace(cloudwatch=cloudwatch(requests))
    errors = guard_findings(session, spec(), ENDPOINT, BEGAN)[0]
    assert (errors["challenger"], errors["champion"]) == ({"requests": 30.0, "hits": 24.0}, {"requests": 270.0, "hits": 3.0})
    assert errors["low"] > 1
    assert requests[0]["StartTime"] == BEGAN


@pytest.fixture
def released(stack, put):
    """A release under way, with two variants; the CloudWatch requests."""
    requests: list[dict] = []
    put("SPEC", spec(), time="t")
    put("CHAMPION", {"endpoint": "noria-m", "model_package_arn": "arn/1"}, time="t", sagemaker_model="sm")
    put("LOCK", package="arn/2", began=BEGAN.isoformat(), holder="h")
    variants = [{"VariantName": name, "CurrentWeight": weight, "CurrentInstanceCount": 1} for name, weight in (("main", 0.9), ("challenger", 0.1))]
    stack.__dict__["cloudwatch"] = cloudwatch(requests)
    stack.__dict__["sagemaker"] = SimpleNamespace(describe_endpoint=lambda **_: {**ENDPOINT, "ProductionVariants": variants})
    return requests


def test_the_state_has_both_variants_and_the_guard_s_interval(released, noria):
    document = json.loads(noria("watch", "m", "--json").stdout)
    main = {"variant": "main", "weight": 0.9, "instances": 1, "requests": 300.0, "errors": 27.0, "p99_ms": 250.0}
    main |= {"shadow": False, "config": None, "stage": None, "recent": 0.0}
    assert (document["variants"][0], document["under_way"], document["findings"][0]["metric"]) == (main, "arn/2", "errors")
    assert {request["StartTime"] for request in released} == {BEGAN}


def test_without_a_terminal_each_change_of_the_weights_is_a_frame(released, noria):
    text = noria("watch", "m", "--seconds", 0.2).stdout
    assert text.count("under way: arn/2") == 1
    # A release that nobody asks is silent for minutes: what it waits for is said.
    assert "under way: progressive looks at both versions every 60 s" in text
    assert "90%" in text
    assert "━" in text


def described(stack, **description) -> None:
    main = {"VariantName": "main", "CurrentWeight": 1.0, "CurrentInstanceCount": 1}
    stack.__dict__["sagemaker"] = SimpleNamespace(describe_endpoint=lambda **_: {**ENDPOINT, "ProductionVariants": [main], **description})


def line(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


def test_a_shadow_gets_a_copy_of_the_traffic_and_no_share_of_it(released, stack, noria):
    described(stack, ShadowProductionVariants=[{"VariantName": "challenger", "CurrentWeight": 1.0, "CurrentInstanceCount": 1}])
    text = noria("watch", "m", "--seconds", 0.1).stdout
    assert ("100%" in line(text, "main"), "a copy" in line(text, "challenger"), "50%" in text) == (True, True, False)
    assert json.loads(noria("watch", "m", "--json").stdout)["variants"][1]["weight"] is None


def test_a_new_fleet_shows_its_stage_and_its_share_of_the_requests_while_it_bakes(released, stack, noria):
    status = [{"Status": "Baking", "StartTime": BEGAN}]
    pending = {"EndpointConfigName": "new", "ProductionVariants": [{"VariantName": "main", "CurrentInstanceCount": 2, "VariantStatus": status}]}
    described(stack, EndpointStatus="Updating", PendingDeploymentSummary=pending)
    now = datetime.now(UTC)

    def get_metric_data(MetricDataQueries, **_):
        names = {entry["Name"]: entry["Value"] for entry in MetricDataQueries[0]["MetricStat"]["Metric"]["Dimensions"]}
        # Earlier all of the requests were the old fleet's.
        recent, earlier = {"new": (10.0, 0.0), "c": (30.0, 900.0)}[names["EndpointConfigName"]]
        return {"MetricDataResults": [{"Id": "requests", "Timestamps": [now, BEGAN], "Values": [recent, earlier]}]}

    stack.__dict__["cloudwatch"] = SimpleNamespace(get_metric_data=get_metric_data)
    text = noria("watch", "m", "--seconds", 0.1).stdout
    assert text.splitlines()[0] == "noria-m  Updating  c → new"
    assert "25%" in line(text, "main, Baking")
    assert "75%" in text


def test_a_model_that_serves_nothing_has_no_state(stack):
    with pytest.raises(CliError, match="no version of m serves yet"):
        release_state(stack, "m")


def test_an_interval_is_drawn_from_a_quarter_to_four_times_the_champion_s_rate():
    finding = {"metric": "errors", "low": 0.5, "high": 2.0}
    line = live.interval(finding)
    assert len(line) == live.CELLS
    assert (line[0], line[-1], line.count("┃")) == ("·", "·", 1)
    assert line[: line.index("━")].count("·") == line[::-1][: line[::-1].index("━")].count("·")
    assert live.interval({**finding, "high": None}).endswith("━")
