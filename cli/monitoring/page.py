"""Writes a monitoring run, or a check of a file, as a page of HTML that needs nothing but itself."""

import html
from collections.abc import Sequence

from cli.base.records import Drift, Histograms, MonitoringRun, Reason
from cli.monitoring.check import DriftCheck
from noria.training.metrics import less_is_better

#: Pixels of a plot, and of its margin.
WIDTH, HEIGHT, MARGIN = 720, 180, 10
GOOD, BAD, GREY = "#0b6e4f", "#b23a48", "#adb5bd"
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2em auto;color:#222}h1,h2{font-weight:600}
.ok{color:#0b6e4f}.bad{color:#b23a48}svg{width:100%;height:auto}td,th{text-align:left;padding:.2em 1em .2em 0}small{color:#777}"""


def run_page(model: str, run: MonitoringRun) -> str:
    """The page of a monitoring run."""
    when = f"<p><small>look {run['number']}, {html.escape(run['time'][:19])} UTC</small></p>"
    counts = "".join(f"<tr><td>{html.escape(name.replace('_', ' '))}</td><td>{count:,}</td></tr>" for name, count in run["counts"].items())
    parts = [_head(model, run["outcome"], run["reasons"], when), _quality(run), _estimate(run), _inputs(run["drift"])]
    return _page(model, [*parts, f"<h2>What came</h2><table>{counts}</table>"])


def check_page(title: str, check: DriftCheck) -> str:
    """The page of a check."""
    return _page(title, [_head(title, check["verdict"], check["reasons"]), _inputs(check)])


def _page(title: str, parts: Sequence[str]) -> str:
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{STYLE}</style>{''.join(parts)}</html>\n"


def _head(title: str, outcome: str, reasons: Sequence[Reason], when: str = "") -> str:
    texts = "".join(f"<li>{html.escape(reason['text'])}</li>" for reason in reasons) or "<li>nothing to tell</li>"
    style = "ok" if outcome == "ok" else "bad"
    return f"<h1>{html.escape(title)}: <span class={style}>{html.escape(outcome)}</span></h1>{when}<ul>{texts}</ul>"


def _quality(run: MonitoringRun) -> str:
    quality, level = run["quality"], run["quality_baseline"]
    points = [(point["from"], point["value"]) for point in run["series"] if point["value"] is not None]
    if not points or not level or not quality or quality["value"] is None:
        return ""
    values = [value for _, value in points]
    side = "most" if less_is_better(quality["metric"]) else "least"
    text = (
        f"{quality['metric']} {quality['value']:.3f} on {quality['rows']:,.0f} answers; "
        f"in the evaluation {level['value']:.3f}, at {side} {quality['limit']:.3f} expected"
    )
    plot = _line(values, min([*values, level["limit"]]), max([*values, level["value"]]), level["limit"])
    return f"<h2>Quality since the release</h2><p>{html.escape(text)}</p>{plot}<small>from {points[0][0]}</small>"


def _estimate(run: MonitoringRun) -> str:
    estimate = run["drift"].get("estimate") if run["drift"] else None
    if not estimate:
        return ""
    between = f"between {estimate['low']:.3f} and {estimate['high']:.3f} with 95 % confidence"
    text = f"{estimate['metric']} about {estimate['value']:.3f}, {between}, on {estimate['rows']:,} answers"
    method = f"{html.escape(estimate['method'])}: sees harder questions, not a changed world"
    return f"<h2>Estimated without truth</h2><p>{html.escape(text)}</p><small>{method}</small>"


def _line(values: Sequence[float], low: float, high: float, limit: float) -> str:
    """A series as a line, its limit dashed."""

    def y(value: float) -> float:
        return round(HEIGHT - MARGIN - (value - low) / ((high - low) or 1) * (HEIGHT - 2 * MARGIN), 1)

    step = WIDTH / max(1, len(values) - 1)
    path = " ".join(f"{i * step:.1f},{y(value)}" for i, value in enumerate(values))
    dashed = f'<line x1=0 x2={WIDTH} y1={y(limit)} y2={y(limit)} stroke="{BAD}" stroke-dasharray="5 5"/>'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}">{dashed}<polyline points="{path}" fill=none stroke="{GOOD}" stroke-width=2 /></svg>'


def _inputs(drift: Drift | None) -> str:
    """The verdict on the inputs: a row a column, and histograms of those that moved."""
    if drift is None:
        return "<h2>Inputs</h2><p>No window is complete yet.</p>"
    rows = []
    for name, column in drift["columns"].items():
        mark = " class=bad" if column["drifted"] else ""
        measures = ", ".join(f"{measure} {value:.3f}" for measure, value in column.get("measures", {}).items())
        cells = (html.escape(name), column["measure"], f"{column['effect']:.3f}", f"{column['limit']:.3f}", measures)
        rows.append(f"<tr{mark}>{''.join(f'<td>{cell}' for cell in cells)}</tr>")
    heads = "<tr><th>column<th>measure<th>effect<th>limit<th>well-known measures</tr>"
    plots = "".join(_histograms(name, shares) for name, shares in drift["pictures"].items())
    return f"<h2>Inputs: {html.escape(drift['verdict'])}</h2><table>{heads}{''.join(rows)}</table>{plots}"


def _histograms(name: str, shares: Histograms) -> str:
    scale = ", ".join(shares["values"]) if "values" in shares else f"{shares['from']:g} to {shares['to']:g}"
    bars = _bars(shares["before"], shares["now"])
    return f"<h3>{html.escape(name)}</h3>{bars}<small>grey before, green now; {html.escape(scale)}</small>"


def _bars(before: Sequence[float], now: Sequence[float]) -> str:
    most, width = max([*before, *now]) or 1.0, WIDTH / max(1, len(before))
    bars = []
    for side, (values, colour) in enumerate(((before, GREY), (now, GOOD))):
        for i, value in enumerate(values):
            height, x = value / most * (HEIGHT - MARGIN), (i + 0.4 * side) * width
            bars.append(f'<rect x={x:.1f} y={HEIGHT - height:.1f} width={width * 0.38:.1f} height={height:.1f} fill="{colour}"/>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(bars)}</svg>'
