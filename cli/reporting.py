"""What people look at elsewhere: a page of HTML for one look, and a CloudWatch dashboard of every published model."""

import html
import json
from collections.abc import Sequence
from typing import Any

from cli.session import Session
from noria.training.quality import LESS_IS_BETTER

Json = dict[str, Any]
WIDTH, HEIGHT = 720, 180
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2em auto;color:#222}h1,h2{font-weight:600}
.ok{color:#0b6e4f}.bad{color:#b23a48}svg{width:100%;height:auto}td,th{text-align:left;padding:.2em 1em .2em 0}small{color:#777}"""
#: One row of the dashboard a model: its metrics, each with how a period is told.
WIDGETS = (("Quality", "Average"), ("Causes", "Maximum"), ("DriftedColumns", "Maximum"), ("NewPredictions", "Sum"))
COLUMNS, TALL = 24, 6


def page(model: str, look: Json) -> str:
    """A look as a page that needs nothing but itself."""
    when = f"<p><small>look {look['number']}, {html.escape(look['time'][:19])} UTC</small></p>"
    parts = [
        *_head(model, look["outcome"], look["reasons"], when),
        *_quality(look),
        *_estimate(look),
        *_columns(look["drift"]),
        "<h2>What came</h2><table>",
        *(f"<tr><td>{html.escape(name.replace('_', ' '))}</td><td>{count:,}</td></tr>" for name, count in look["counts"].items()),
        "</table>",
    ]
    return _whole(model, parts)


def checked(title: str, told: Json) -> str:
    """A check of one file against another as such a page."""
    return _whole(title, [*_head(title, told["verdict"], told["reasons"]), *_columns(told)])


def _head(title: str, outcome: str, reasons: Sequence[Json], more: str = "") -> list[str]:
    told = "".join(f"<li>{html.escape(reason['text'])}</li>" for reason in reasons) or "<li>nothing to tell</li>"
    good = "ok" if outcome == "ok" else "bad"
    return [f"<h1>{html.escape(title)}: <span class={good}>{html.escape(outcome)}</span></h1>", more, f"<ul>{told}</ul>"]


def _whole(title: str, parts: Sequence[str]) -> str:
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{STYLE}</style>{''.join(parts)}</html>\n"


def _quality(look: Json) -> list[str]:
    points = [point for point in look["series"] if point["value"] is not None]
    if not points or not look["quality"] or look["quality"]["value"] is None:
        return []
    found, level = look["quality"], look["level"]
    values = [point["value"] for point in points]
    low, high = min([*values, level["limit"]]), max([*values, level["value"]])
    told = (
        f"{found['metric']} {found['value']:.3f} on {found['rows']:,.0f} answers; "
        f"in the evaluation {level['value']:.3f}, at {'most' if found['metric'] in LESS_IS_BETTER else 'least'} {found['limit']:.3f} expected"
    )
    return [
        f"<h2>Quality since the release</h2><p>{html.escape(told)}</p>",
        _line(values, low, high, level["limit"]),
        f"<small>from {points[0]['from']}</small>",
    ]


def _estimate(look: Json) -> list[str]:
    found = (look["drift"] or {}).get("estimate")
    if not found:
        return []
    told = (
        f"{found['metric']} about {found['value']:.3f}, between {found['low']:.3f} and {found['high']:.3f} with 95 % confidence, on {found['rows']:,} answers"
    )
    return [
        f"<h2>Estimated without truth</h2><p>{html.escape(told)}</p><small>{html.escape(found['method'])}: sees harder questions, not a changed world</small>"
    ]


def _line(values: Sequence[float], low: float, high: float, limit: float) -> str:
    def y(value: float) -> float:
        return round(HEIGHT - 10 - (value - low) / ((high - low) or 1) * (HEIGHT - 20), 1)

    step = WIDTH / max(1, len(values) - 1)
    path = " ".join(f"{i * step:.1f},{y(value)}" for i, value in enumerate(values))
    dashed = f'<line x1=0 x2={WIDTH} y1={y(limit)} y2={y(limit)} stroke="#b23a48" stroke-dasharray="5 5"/>'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}">{dashed}<polyline points="{path}" fill=none stroke="#0b6e4f" stroke-width=2 /></svg>'


def _columns(judged: Json | None) -> list[str]:
    if judged is None:
        return ["<h2>Inputs</h2><p>No window is complete yet.</p>"]
    made = [f"<h2>Inputs: {html.escape(judged['verdict'])}</h2><table><tr><th>column<th>measure<th>effect<th>limit<th>well-known measures</tr>"]
    for name, column in judged["columns"].items():
        mark = " class=bad" if column["drifted"] else ""
        known = ", ".join(f"{measure} {value:.3f}" for measure, value in column.get("measures", {}).items())
        made.append(f"<tr{mark}><td>{html.escape(name)}<td>{column['measure']}<td>{column['effect']:.3f}<td>{column['limit']:.3f}<td>{known}</tr>")
    made.append("</table>")
    for name, picture in judged["pictures"].items():
        scale = ", ".join(picture["values"]) if "values" in picture else f"{picture['from']:g} to {picture['to']:g}"
        made += [f"<h3>{html.escape(name)}</h3>", _bars(picture["before"], picture["now"]), f"<small>grey before, green now; {html.escape(scale)}</small>"]
    return made


def _bars(before: Sequence[float], now: Sequence[float]) -> str:
    most, width = max([*before, *now]) or 1.0, WIDTH / max(1, len(before))
    made = []
    for side, (values, colour) in enumerate(((before, "#adb5bd"), (now, "#0b6e4f"))):
        for i, value in enumerate(values):
            tall = value / most * (HEIGHT - 10)
            x = i * width + side * width * 0.4
            made.append(f'<rect x={x:.1f} y={HEIGHT - tall:.1f} width={width * 0.38:.1f} height={tall:.1f} fill="{colour}"/>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(made)}</svg>'


def dashboard(session: Session) -> Json:
    """Put the CloudWatch dashboard of every published model.

    Returns:
        `{name, models}`
    """
    table = session.outputs["LedgerTable"]
    pages = session.dynamodb.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="pk = :models", ExpressionAttributeValues={":models": {"S": "MODELS"}}
    )
    models = [item["sk"]["S"] for page in pages for item in page["Items"]]
    session.cloudwatch.put_dashboard(DashboardName=session.prefix, DashboardBody=json.dumps(body(models, session.prefix, session.region_name)))
    return {"name": session.prefix, "models": models}


def body(models: Sequence[str], stack: str, region: str) -> Json:
    """A dashboard's body: a row a model, with its quality, causes, drift and traffic, and the errors of its endpoint."""
    wide = COLUMNS // (len(WIDGETS) + 1)
    widgets: list[Json] = []
    for row, model in enumerate(models):
        shown: list[tuple[str, list[Any], str]] = [(name, ["Noria/Models", name, "Model", model], how) for name, how in WIDGETS]
        shown.append(("Errors", ["AWS/SageMaker", "Invocation5XXErrors", "EndpointName", f"{stack}-{model}", "VariantName", "main"], "Sum"))
        for number, (name, metric, how) in enumerate(shown):
            properties = {"title": f"{model}: {name}", "metrics": [metric], "stat": how, "period": 3600, "region": region, "view": "timeSeries"}
            widgets.append({"type": "metric", "x": number * wide, "y": row * TALL, "width": wide, "height": TALL, "properties": properties})
    return {"widgets": widgets}
