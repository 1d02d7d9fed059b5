"""Puts a CloudWatch dashboard: of all models, or of one."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from cli.base import ledger
from cli.base.session import Session

#: Widgets a row, and their size on the dashboard's grid of 24 columns.
PER_ROW, WIDTH, HEIGHT = 2, 12, 6
PERIOD_SECONDS = 3600
NAMESPACE, ERRORS = "Noria/Models", "Invocation5XXErrors"
#: The metrics of a model, each with the statistic of a period.
METRICS = (("Quality", "Average"), ("Causes", "Maximum"), ("DriftedColumns", "Maximum"), ("NewPredictions", "Sum"))


class Metric(NamedTuple):
    """A metric of the dashboard: its title, its namespace, name and dimensions as CloudWatch lists them (or a search), and its statistic."""

    title: str
    parts: list[Any]
    statistic: str


class Properties(TypedDict):
    title: str
    metrics: list[list[Any]]
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
    """The dashboard's name, and the model that it shows; nothing for that of all models."""

    name: str
    model: str | None


def put_dashboard(session: Session, model: str | None = None) -> Dashboard:
    """Put the dashboard of all models, or of one.

    Raises:
        CliError: nobody has published the model.
    """
    if model:
        ledger.read(session, model).published()
    name = f"{session.prefix}-{model}" if model else session.prefix
    session.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps(body(session.prefix, session.region_name, model)))
    return Dashboard(name, model)


def body(prefix: str, region: str, model: str | None = None) -> Body:
    """Quality, causes, drift, traffic and errors: of one model, or of all of them in one widget each.

    CloudWatch takes 500 widgets a dashboard, and draws at most 500 series of a search, so the number of models does not matter.
    Source: "CloudWatch service quotas" and "Search expression syntax", CloudWatch user guide.
    """
    metrics = [Metric(name, _series(name, statistic, model), statistic) for name, statistic in METRICS]
    endpoint = f"{prefix}-{model}" if model else None
    errors: list[Any] = ["AWS/SageMaker", ERRORS, "EndpointName", endpoint, "VariantName", "main"]
    search = f"SEARCH('{{AWS/SageMaker,EndpointName,VariantName}} MetricName=\"{ERRORS}\" {prefix}', 'Sum', {PERIOD_SECONDS})"
    metrics.append(Metric("Errors", errors if endpoint else [{"expression": search}], "Sum"))
    return {"widgets": [_widget(number, metric, model or "all models", region) for number, metric in enumerate(metrics)]}


def _series(name: str, statistic: str, model: str | None) -> list[Any]:
    if model:
        return [NAMESPACE, name, "Model", model]
    return [{"expression": f"SEARCH('{{{NAMESPACE},Model}} MetricName=\"{name}\"', '{statistic}', {PERIOD_SECONDS})"}]


def _widget(number: int, metric: Metric, of: str, region: str) -> Widget:
    properties: Properties = {
        "title": f"{of}: {metric.title}",
        "metrics": [metric.parts],
        "stat": metric.statistic,
        "period": PERIOD_SECONDS,
        "region": region,
        "view": "timeSeries",
    }
    row, column = divmod(number, PER_ROW)
    return {"type": "metric", "x": column * WIDTH, "y": row * HEIGHT, "width": WIDTH, "height": HEIGHT, "properties": properties}
