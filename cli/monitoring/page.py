"""The page of a monitoring run: quality since the release, the estimate without ground truth, and the inputs."""

from cli.base import distributions, plot, wording
from cli.base.distributions import Axis, Pair
from cli.base.plot import NARROW, THEMED, WIDE
from cli.base.records import Champion, ColumnDrift, Histograms, MonitoringRun, Reason
from cli.base.report import BAD, GOOD, UNSURE, Card, Cell, Figure, Report, Section, Table, words
from cli.monitoring import inputs
from noria.monitoring.causes import BELOW_BEST, CONTRACT, DEGRADED, DRIFT, INCIDENT, NO_TRAFFIC, NO_TRUTH, OK, UNDECIDED
from noria.training.metrics import less_is_better

OUTCOMES = {
    OK: ("as expected", GOOD),
    DEGRADED: ("quality fell", BAD),
    DRIFT: ("inputs drifted", BAD),
    INCIDENT: ("broken feed", BAD),
    CONTRACT: ("contract broken", BAD),
    NO_TRAFFIC: ("no requests", UNSURE),
    NO_TRUTH: ("no ground truth", UNSURE),
    BELOW_BEST: ("below an earlier version", UNSURE),
    UNDECIDED: ("no verdict", UNSURE),
}
#: What a run counts, in a reader's words.
COUNTS = {
    "predictions": "predictions captured",
    "labelled": "predictions that got their ground truth",
    "truths": "rows of ground truth that arrived",
    "unreadable": "captured requests that could not be read",
    "bad_truths": "rows of ground truth that tell none",
    "waiting": "rows of ground truth that wait for their prediction",
    "repeated": "rows of ground truth that came again",
    "conflicting": "rows of ground truth that contradict an earlier one, which stays",
}


def run_page(model: str, run: MonitoringRun, champion: Champion | None = None) -> Report:
    """The page of a monitoring run.

    Args:
        champion: the version that serves now; named where the run was of its release.
    """
    outcome, tone = OUTCOMES.get(run["outcome"], (run["outcome"], UNSURE))
    drift = run["drift"]
    return Report(
        title=f"{model}: monitoring run {run['number']:,}",
        compared=_compared(model, run, champion),
        outcome=outcome,
        tone=tone,
        verdict=_verdict(run),
        reasons=inputs.reasons([reason for reason in run["reasons"] if reason is not _first(run)], [*drift["columns"]] if drift else []),
        sections=[*_quality(run), *_estimate(run), *_inputs(run), _counts(run)],
    )


def _compared(model: str, run: MonitoringRun, champion: Champion | None) -> list[tuple[str, str]]:
    rows = [("model", model), ("run", f"{run['number']:,}, {wording.stamp(run['time'])}")]
    if "release" in run:
        rows.append(("release", run["release"]))
        if champion and champion.get("release") == run["release"]:
            rows += [("spec", champion["spec"]), ("training run", champion["run"])]
    if drift := run["drift"]:
        rows.append(("window", f"{wording.count(drift['rows'], 'prediction')}, {wording.stamp(drift['since'])} to {wording.stamp(drift['until'])}"))
    if points := run["series"]:
        span = f"{wording.stamp(points[0]['from'])} to {wording.stamp(points[-1]['from'])}"
        rows.append(("ground truth", f"{span}, in {wording.count(len(points), 'period')}"))
    return rows


def _verdict(run: MonitoringRun) -> str:
    """The outcome in a sentence with the two numbers that it rests on."""
    outcome, drift = run["outcome"], run["drift"]
    if outcome in (OK, DEGRADED, BELOW_BEST) and (text := _quality_sentence(run)):
        return text
    if outcome in (DRIFT, OK) and drift:
        return inputs.sentence(drift, drift.get("watched"))
    if reason := _first(run):
        return f"{OUTCOMES.get(outcome, (outcome, ''))[0].capitalize()}: {wording.name(reason['text'], inputs.LONGEST_REASON)}."
    counts = run["counts"]
    return f"Nothing to judge yet: {wording.count(counts['predictions'], 'prediction')}, {counts['labelled']:,} of them with ground truth."


def _first(run: MonitoringRun) -> Reason | None:
    """The reason that is the verdict, where neither the quality nor a column is."""
    if run["outcome"] in (OK, DEGRADED, BELOW_BEST, DRIFT):
        return None
    codes = {CONTRACT: "ContractBroken", NO_TRAFFIC: "NoTraffic", NO_TRUTH: "NoTruth"}
    return next((reason for reason in run["reasons"] if reason["code"] == codes.get(run["outcome"])), run["reasons"][0] if run["reasons"] else None)


def _quality_sentence(run: MonitoringRun) -> str:
    quality, level = run["quality"], run["quality_baseline"]
    if not quality or quality["value"] is None or not level:
        return ""
    rows = wording.count(round(quality["rows"]), "prediction")
    side = "most" if less_is_better(quality["metric"]) else "least"
    text = f"{quality['metric']} is {quality['value']:.3f} on {rows} with ground truth, where at {side} {quality['limit']:.3f} is expected"
    return f"{text} ({level['value']:.3f} in the evaluation)."


def _quality(run: MonitoringRun) -> list[Section]:
    points = [point for point in run["series"] if point["value"] is not None]
    text = _quality_sentence(run)
    if not text or not points:
        return []
    figure = Figure(_series(run, "quality-narrow", NARROW), _series(run, "quality-wide", WIDE))
    rows = [words(point["from"], _metric(point["value"]), f"{point['rows']:,.0f}" if "rows" in point else "") for point in points]
    table = Table(("from", str(run["quality"] and run["quality"]["metric"]), "predictions"), rows, frozenset({"from"}))
    return [Section("Quality since the release", figures=[figure], details=[("By period", table)])]


def _metric(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _series(run: MonitoringRun, name: str, size: tuple[float, float]) -> str:
    """The metric by period, beside the evaluation and the limit."""
    quality, level = run["quality"], run["quality_baseline"]
    assert quality
    assert level
    points = [(plot.date_number(point["from"]), point["value"]) for point in run["series"] if point["value"] is not None]
    better = "less is better" if less_is_better(quality["metric"]) else "more is better"
    with plot.figure(THEMED, size, name) as (drawn, axes):
        axes.plot(*zip(*points, strict=True), color=THEMED.now, linewidth=1.6, marker=".", markersize=4, label="by period")
        axes.axhline(level["value"], color=THEMED.good, linewidth=1, label="evaluation")
        axes.axhline(quality["limit"], color=THEMED.bad, linewidth=1, linestyle="--", label="limit")
        plot.date_axis(axes, "beginning of the period (UTC)")
        axes.set_ylabel(f"{quality['metric']} ({better})")
        drawn.legend(frameon=False, loc="outside upper left", ncol=3, fontsize=plot.FONT_POINTS - 0.5)
        return plot.svg(drawn, f"{quality['metric']} since the release: {wording.count(len(points), 'period')}")


def _estimate(run: MonitoringRun) -> list[Section]:
    estimate = run["drift"].get("estimate") if run["drift"] else None
    if not estimate:
        return []
    between = f"between {estimate['low']:.3f} and {estimate['high']:.3f} with 95% confidence"
    text = f"{estimate['metric']} is about {estimate['value']:.3f}, {between}, on {wording.count(estimate['rows'], 'prediction')}."
    method = f"Method: {estimate['method']}. It sees harder requests, not a changed relation between inputs and target."
    return [Section("Estimated without ground truth", [text, method])]


def _inputs(run: MonitoringRun) -> list[Section]:
    """The verdict on the inputs, and both distributions of the columns that moved most."""
    drift = run["drift"]
    if drift is None:
        return [Section("Inputs", ["No window is complete yet."])]
    columns = inputs.by_effect(drift["columns"])
    places = {name: f"c{number}" for number, name in enumerate(drift["pictures"], start=1)}
    watched = drift.get("watched", len(columns))
    texts = [inputs.sentence(drift, watched)]
    if watched > len(columns):
        texts.append(f"The table has the {len(columns):,} columns that moved most, of {watched:,}.")
    tables, figures = ([inputs.table(columns, places)], [inputs.overview(columns)]) if columns else ([], [])
    cards = [_card(name, place, drift["pictures"][name], dict(columns)) for name, place in places.items()]
    return [Section(f"Inputs: {inputs.OUTCOMES.get(drift['verdict'], drift['verdict'])}", texts, figures, tables, cards)]


def _card(name: str, place: str, shares: Histograms, columns: dict[str, ColumnDrift]) -> Card:
    column = columns.get(name)
    facts = [(inputs.measure(column), inputs.amount(column, column["effect"])), ("limit", inputs.amount(column, column["limit"]))] if column else []
    pair = Pair(shares["before"], shares["now"], ("training data", "window"))
    if "values" in shares:
        svg = distributions.paired_bars(place, name, shares["values"], pair)
    else:
        low, step = shares["from"], (shares["to"] - shares["from"]) / max(1, len(shares["now"]))
        svg = distributions.overlay(place, Axis(name), [low + step * number for number in range(len(shares["now"]) + 1)], pair)
    return Card(place, wording.name(name), "moved", figure=Figure(svg), facts=facts)


def _counts(run: MonitoringRun) -> Section:
    rows = [[Cell(COUNTS.get(name, name)), Cell(f"{count:,}")] for name, count in run["counts"].items()]
    return Section("What arrived since the run before", tables=[Table(("what", "number"), rows, frozenset({"what"}))])
