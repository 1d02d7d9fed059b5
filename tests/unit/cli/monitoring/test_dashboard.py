"""The dashboard: a row a model."""

import json
from types import SimpleNamespace

from cli.monitoring.dashboard import body


def test_a_dashboard_has_a_row_for_each_model():
    widgets = body(["a", "b"], "noria", "eu-central-1")["widgets"]
    assert len({widget["y"] for widget in widgets}) == 2
    assert ["Noria/Models", "Quality", "Model", "a"] in [widget["properties"]["metrics"][0] for widget in widgets]


def test_the_stack_s_prefix_names_the_dashboard_and_the_endpoints(stack, put, noria):
    requests: list[dict] = []
    stack.outputs["Prefix"] = "acme"
    stack.__dict__["cloudwatch"] = SimpleNamespace(put_dashboard=lambda **request: requests.append(request))
    assert noria("dashboard").stdout == "the dashboard acme shows no model yet\n"
    stack.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "MODELS"}, "sk": {"S": "m"}})
    assert json.loads(noria("dashboard", "--json").stdout) == {"name": "acme", "models": ["m"]}
    widgets = json.loads(requests[-1]["DashboardBody"])["widgets"]
    assert "acme-m" in widgets[-1]["properties"]["metrics"][0]
