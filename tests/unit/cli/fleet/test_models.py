"""The list of models: what needs attention first, with what each has used."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.unit.cli.runs.test_activity import Pages

CHAMPION = {"endpoint": "noria-serving", "model_package_arn": "arn:model-package/noria-serving/3"}


def listed(stack, model: str) -> None:
    stack.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "MODELS"}, "sk": {"S": model}})


@pytest.fixture
def fleet(stack, put):
    """Models in several states."""
    for model in ("serving", "new", "worse", "broken", "asking"):
        listed(stack, model)
        put("SPEC", {"id": "s"}, model=model, time="t")
    for model in ("serving", "worse"):
        put("CHAMPION", CHAMPION, model=model, time="2026-01-02T00:00:00.5", sagemaker_model="sm")
    quality = {"metric": "accuracy", "value": 0.91}
    put("MONITOR", {"causes": ["ok"], "quality": quality}, model="serving", time="t")
    put("MONITOR", {"causes": ["degraded", "drift"], "quality": {"metric": "accuracy", "value": 0.5}}, model="worse", time="t")
    for run, seconds in (("a", 1800.0), ("b", 5400.0), ("c", None)):
        put(f"RUN#{run}", {"run": run, "train_seconds": seconds}, model="serving", status="registered", ended=f"2026-01-01T00:00:0{run}")
    put("RUN#x", {"run": "x"}, model="broken", status="failed", ended="2026-01-01")
    put("APPROVAL#x", model="asking", package="arn/4", time="t", token="t")
    created = datetime.now(UTC) - timedelta(hours=3)
    pages = Pages(Endpoints=[{"EndpointName": "noria-serving", "CreationTime": created}])
    stack.__dict__["sagemaker"] = SimpleNamespace(get_paginator=lambda _: pages)


def test_models_are_listed_by_what_needs_attention_first(fleet, noria):
    summaries = json.loads(noria("models", "--json").stdout)
    assert [(model["model"], model["state"]) for model in summaries] == [
        ("asking", "approval"),
        ("worse", "degraded"),
        ("broken", "failed"),
        ("serving", "serves"),
        ("new", "published"),
    ]
    serving = summaries[3]
    assert (serving["champion"], serving["metric"], serving["quality"]) == (CHAMPION["model_package_arn"], "accuracy", 0.91)
    assert (serving["training_hours"], serving["serving_hours"]) == (2.0, 3.0)


def test_a_line_a_model_and_filters(fleet, noria):
    text = noria("models").stdout
    assert "serving  serves" in text
    assert "accuracy 0.9100" in text
    assert [model["model"] for model in json.loads(noria("models", "--state", "failed", "--state", "degraded", "--json").stdout)] == ["worse", "broken"]
    assert [model["model"] for model in json.loads(noria("models", "--name", "ew", "--json").stdout)] == ["new"]
    assert "found the state fine, expected one of releasing" in str(noria("models", "--state", "fine").exception)


def test_a_thousand_models_are_counted_and_fifty_shown(stack, noria):
    for number in range(120):
        listed(stack, f"m{number:03}")
    stack.__dict__["sagemaker"] = SimpleNamespace(get_paginator=lambda _: Pages(Endpoints=[]))
    text = noria("models").stdout
    assert "m049" in text
    assert "m050" not in text
    assert "70 more; --all lists them" in text
    assert "m119" in noria("models", "--all").stdout
