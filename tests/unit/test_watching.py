"""What `noria watch` shows of a release under way is what the guard would see now."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from cli import watching
from cli.base import ledger
from cli.project.spec import load
from noria.spec import ModelSpec
from tests.samples import ROOT


def test_what_was_counted_since_the_release_began_is_in_the_findings():
    spec: ModelSpec = load(ROOT / "models" / "bikeshare" / "model.yaml")
    story = ledger.ModelRecord("m", spec=spec.model_dump(mode="json"))
    began = datetime.now(UTC) - timedelta(minutes=10)
    times = [began + timedelta(minutes=minute) for minute in (2, 3, 4)]
    asked: list[dict] = []

    def counted(**request):
        asked.append(request)
        values = {"challenger_requests_0": 10.0, "challenger_hits_0": 8.0, "champion_requests_0": 90.0, "champion_hits_0": 1.0}
        return {"MetricDataResults": [{"Id": name, "Timestamps": times, "Values": [value] * 3} for name, value in values.items()]}

    session = SimpleNamespace(cloudwatch=SimpleNamespace(get_metric_data=counted))
    errors = watching._findings(session, story, "e", "InService", "c", began)[0]
    assert (errors["challenger"], errors["champion"]) == ({"requests": 30.0, "hits": 24.0}, {"requests": 270.0, "hits": 3.0})
    assert errors["low"] > 1
    assert asked[0]["StartTime"] == began
