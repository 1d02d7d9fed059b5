"""Prints the demonstration."""

from cli.base import console
from cli.demo.course import METRIC, SIDES, means
from cli.demo.dataset import MODEL
from cli.demo.reports import HealReport, PredictionReport, ReleaseReport

LEGEND = """
the years pass: every hour of a quarter is asked of the endpoint, then the truth is uploaded
  managed    what Noria serves; frozen: the first version for ever; the numbers are the share of that quarter's hours that were right
  degraded   worse than in its evaluation, by more than chance: an alarm, and a reason to train
  below_best as good as in its evaluation, and an earlier version was better: a reason to train
  drift      its inputs are not those of its training: told, and no reason to train here
a quarter passes in seconds, so what else takes days, such as the pause between two trainings, takes seconds as well"""
NEXT = (
    f"noria status {MODEL}",
    f"noria events {MODEL}",
    f"noria releases {MODEL}",
    f"noria rollback {MODEL}",
    "noria guard simulate",
    "noria init churn --data your.csv --target your_column",
    "noria publish models/churn",
    "noria upload churn your.csv --wait",
)
BUSY = {"1": "busy", "0": "not busy"}


def prediction(time: str, report: PredictionReport, loop_s: float, setup_s: float) -> None:
    """The prediction of one hour, and what truly happened."""
    label, probability = report["response"].split(",")
    guess, truth = BUSY.get(label, BUSY["0"]), BUSY.get(report["truth"], BUSY["0"])
    console.out.print(f"\n{time}: predicted {guess} (probability {float(probability):.2f}); what truly happened: {truth}")
    console.out.print(f"from the upload to this answer: {loop_s:.1f} s; before it: {setup_s:.1f} s")


def years(report: HealReport) -> None:
    """Six years of both models."""
    last, mean = report["series"][-1], means(report["series"])
    final = {"managed": last["managed"], "frozen": last["frozen"]}
    texts = "; ".join(f"{mean[side]:.3f} {side} over all quarters, {final[side]:.3f} in {last['window']}" for side in SIDES)
    console.out.print(f"\n{report['alarms']} alarms, {report['retrainings']} trainings by itself; {METRIC} {texts}: .noria/demo.png")


def ending(report: ReleaseReport | None) -> None:
    """Both releases, and what to try next."""
    if report:
        releases(report)
    console.out.print("\nall of it is in .noria/demo.json; try next:")
    for line in NEXT:
        console.out.print(f"  {line}", style="cyan")


def releases(report: ReleaseReport) -> None:
    promoted, undone, client = report["promoted"], report["undone"], report["client"]
    *_, group, better = promoted["version"].split("/")
    console.out.print(f"\n{group}: version {better} earned its traffic in {promoted['seconds']:.0f} s")
    spoiled = undone["version"].rsplit("/", 1)[1]
    exposed = f"once the guard had seen {undone['exposed_requests']:.0f} of its requests"
    console.out.print(f"version {spoiled} was undone after {undone['seconds']:.0f} s, {exposed}: {undone['reason']}")
    served = ", ".join(f"{count:,} by {version}" for version, count in client["served_by"].items())
    console.out.print(f"the client asked {client['requests']:,} times: {served}; {client['model_errors']} met the spoiled version's errors")
    console.out.print(f"requests that failed in the machinery: {client['failed']}")
