"""Prints monitoring runs, checks and uploads of ground truth."""

from collections.abc import Mapping

from rich.text import Text

from cli.base import charts, console, wording
from cli.base.records import ColumnDrift, Histograms, MonitoringRun, WindowDrift
from cli.monitoring.check import DriftCheck
from cli.monitoring.dashboard import Dashboard
from cli.monitoring.truth import TruthUpload

#: Counts that are printed only where they are not zero: what is counted, and what is said of one and of several.
ODD_COUNTS = {
    "unreadable": ("captured request", "could not be read", "could not be read"),
    "bad_truths": ("row of truth", "tells none", "tell none"),
    "waiting": (
        "truth",
        "waits for its prediction (what is asked is captured a minute or so later)",
        "wait for their prediction (what is asked is captured a minute or so later)",
    ),
    "repeated": ("truth", "came again", "came again"),
    "conflicting": ("truth", "contradicts an earlier one, which stays", "contradict an earlier one, which stays"),
}
PLURALS = {"row of truth": "rows of truth"}
#: Characters of the values under a histogram.
SCALE = 80


def truth(upload: TruthUpload) -> None:
    """The upload of a file of ground truth, and the monitoring run that has read it."""
    place = f"s3://{upload.bucket}/{upload.key}"
    if upload.before:
        console.out.print(Text(f"the same content is {place} since {upload.before}; a file is read once"))
    else:
        console.out.print(Text(f"sent {wording.count(upload.rows, 'truth')} as {place}"))
    for fault, count in upload.faults.items():
        console.out.print(Text(f"  {wording.count(count, 'other row')} {'has' if count == 1 else 'have'} {fault}", style="yellow"))
    if upload.monitoring:
        monitoring_run(upload.monitoring)


def monitoring_run(run: MonitoringRun) -> None:
    """A run in words: the verdict, why, quality, and histograms of the columns that moved."""
    counts = run["counts"]
    console.out.print(Text.assemble("look ", (str(run["number"]), "bold"), f" at {run['time'][: console.SECONDS]}: ", console.outcome(run["outcome"])))
    console.out.print(
        f"  {wording.count(counts['predictions'], 'prediction')} and {wording.count(counts['labelled'], 'truth')} since the look before"
        + "".join(f"; {_odd(counts[name], *words)}" for name, words in ODD_COUNTS.items() if counts[name])
    )
    console.print_reasons(run["reasons"], 2)
    _estimate(run)
    _quality(run)
    _inputs(run["drift"])


def _odd(number: int, noun: str, one: str, several: str) -> str:
    return f"{wording.count(number, noun, PLURALS.get(noun, ''))} {one if number == 1 else several}"


def _estimate(run: MonitoringRun) -> None:
    """The estimate from the model's own probabilities, where no ground truth is known."""
    estimate = run["drift"].get("estimate") if run["drift"] else None
    if estimate:
        interval = f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"
        window = f"on the last window of {wording.count(estimate['rows'], 'answer')}, by its own probabilities"
        console.out.print(Text(f"  estimated without truth: {estimate['metric']} {interval} {window}"))


def _quality(run: MonitoringRun) -> None:
    """The course of the metric since the release, beside the evaluation."""
    quality, level = run["quality"], run["quality_baseline"]
    if not quality or not level or quality["value"] is None:
        return
    answers = f"since the release on {wording.count(round(quality['rows']), 'answer')}; in the evaluation {level['value']:.3f}"
    console.out.print(Text(f"  {quality['metric']} {quality['value']:.3f} {answers}"))
    values = [point["value"] for point in run["series"]]
    if len(values) > 1:
        console.out.print(charts.spark({f"  {run['series'][0]['from']} on": values}))


def _inputs(drift: WindowDrift | None) -> None:
    if not drift:
        console.out.print("  inputs: no window is complete yet (1,000 rows, or a day)")
        return
    window = "of the last complete window" if drift["rows"] else ""
    console.out.print(Text(f"  inputs: {drift['verdict']} {window} ({wording.count(drift['rows'], 'row')} up to {drift['until'][: console.SECONDS]})"))
    _histograms(drift["pictures"])


def check(result: DriftCheck) -> None:
    """The verdict in words, and the measure of each column."""
    console.out.print(console.outcome(result["verdict"]))
    console.print_reasons(result["reasons"], 2)
    moved = "red" if result["verdict"] != "undecided" else "yellow"
    for name, column in result["columns"].items():
        title = wording.name(name) + (" (target)" if name == result["target"] else "")
        line = f"  {title:20} {column['measure']:10} {column['effect']:.3f}  limit {column['limit']:.3f}{_measures(column)}"
        console.out.print(Text(line, style=moved if column["drifted"] else "dim"))
    _histograms(result["pictures"])


def _measures(column: ColumnDrift) -> str:
    """The standard measures, which decide nothing."""
    return "".join(f"  {name} {value:.3f}" for name, value in column["measures"].items())


def _histograms(pictures: Mapping[str, Histograms]) -> None:
    """Before and after of each column as two rows of blocks."""
    for name, shares in pictures.items():
        most = max([*shares["before"], *shares["now"]]) or 1.0
        scale = ", ".join(shares["values"]) if "values" in shares else f"{wording.number(shares['from'])} … {wording.number(shares['to'])}"
        before, now = charts.bars(shares["before"], most), charts.bars(shares["now"], most)
        console.out.print(Text(f"    {wording.name(name)}  before |{before}|  now |{now}|  {wording.name(scale, SCALE)}"))


def dashboard(result: Dashboard) -> None:
    console.out.print(f"the dashboard {result.name} shows {result.model or 'all models'}")
