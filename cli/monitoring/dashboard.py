"""Puts the CloudWatch dashboard of every published model."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from cli.base import ledger
from cli.base.session import Session

COLUMNS, HEIGHT = 24, 6
PERIOD_SECONDS = 3600
NAMESPACE = "Noria/Models"
#: One row a model: its metrics, each with the statistic of a period.
METRICS = (("Quality", "Average"), ("Causes", "Maximum"), ("DriftedColumns", "Maximum"), ("NewPredictions", "Sum"))


class Metric(NamedTuple):
    """A metric of the dashboard: its title, its namespace, name and dimensions as CloudWatch lists them, and its statistic."""

    title: str
    parts: list[str]
    statistic: str


class Properties(TypedDict):
    title: str
    metrics: list[list[str]]
    stat: str
    period: int
    region: str
    view: str


class Widget(TypedDict):
    """A widget, as CloudWatch takes it."""

    type: str
    x: int
    y: int
    width: int
    height: int
    properties: Properties


class Body(TypedDict):
    """The body of a dashboard."""

    widgets: list[Widget]


@dataclass(frozen=True)
class Dashboard:
    """The dashboard's name, and the models that it shows."""

    name: str
    models: list[str]


def put_dashboard(session: Session) -> Dashboard:
    """Put the dashboard of the stack."""
    models = ledger.published_models(session)
    text = json.dumps(body(models, session.prefix, session.region_name))
    session.cloudwatch.put_dashboard(DashboardName=session.prefix, DashboardBody=text)
    return Dashboard(session.prefix, models)


def body(models: Sequence[str], prefix: str, region: str) -> Body:
    """A row a model: its quality, causes, drift and traffic, and the errors of its endpoint."""
    return {"widgets": [widget for row, model in enumerate(models) for widget in _row(model, prefix, region, row * HEIGHT)]}


def _row(model: str, prefix: str, region: str, top: int) -> list[Widget]:
    width = COLUMNS // (len(METRICS) + 1)
    metrics = [Metric(name, [NAMESPACE, name, "Model", model], statistic) for name, statistic in METRICS]
    endpoint = ["AWS/SageMaker", "Invocation5XXErrors", "EndpointName", f"{prefix}-{model}", "VariantName", "main"]
    widgets: list[Widget] = []
    for number, metric in enumerate([*metrics, Metric("Errors", endpoint, "Sum")]):
        properties: Properties = {
            "title": f"{model}: {metric.title}",
            "metrics": [metric.parts],
            "stat": metric.statistic,
            "period": PERIOD_SECONDS,
            "region": region,
            "view": "timeSeries",
        }
        widgets.append({"type": "metric", "x": number * width, "y": top, "width": width, "height": HEIGHT, "properties": properties})
    return widgets
