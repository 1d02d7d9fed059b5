"""The dashboards: of all models within CloudWatch's limits, and of one."""

import json
from types import SimpleNamespace

from cli.monitoring.dashboard import body


def test_the_dashboard_of_all_models_has_as_many_widgets_for_one_as_for_a_thousand():
    widgets = body("noria", "eu-central-1")["widgets"]
    assert [widget["properties"]["title"].partition(": ")[2] for widget in widgets] == ["Quality", "Causes", "DriftedColumns", "NewPredictions", "Errors"]
    searches = [widget["properties"]["metrics"][0][0]["expression"] for widget in widgets]
    assert searches[0] == "SEARCH('{Noria/Models,Model} MetricName=\"Quality\"', 'Average', 3600)"
    assert searches[-1] == "SEARCH('{AWS/SageMaker,EndpointName,VariantName} MetricName=\"Invocation5XXErrors\" noria', 'Sum', 3600)"
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)


def test_the_stack_s_prefix_names_the_dashboards_and_the_endpoints(stack, put, noria):
    requests: list[dict] = []
    stack.outputs["Prefix"] = "acme"
    put("SPEC", {"id": "s"}, time="t")
    stack.__dict__["cloudwatch"] = SimpleNamespace(put_dashboard=lambda **request: requests.append(request))
    assert noria("dashboard").stdout == "the dashboard acme shows all models\n"
    assert json.loads(noria("dashboard", "m", "--json").stdout) == {"name": "acme-m", "model": "m"}
    widgets = json.loads(requests[-1]["DashboardBody"])["widgets"]
    assert widgets[0]["properties"]["metrics"] == [["Noria/Models", "Quality", "Model", "m"]]
    assert "acme-m" in widgets[-1]["properties"]["metrics"][0]
    assert "no model named 'other' is published" in str(noria("dashboard", "other").exception)
