"""On the deployed stack: a model whose world changes is noticed, trained again on what was labelled, and released, by itself."""

from pathlib import Path

import pytest

from cli.base import ledger
from cli.base.errors import CliError
from cli.base.session import Session
from cli.monitoring.runs import monitor
from cli.monitoring.truth import upload_truth
from cli.project.publish import publish
from cli.serving.predict import predict
from tests.local.aws.waiting import until
from tests.local.small_model import SPEC, data, loop, project, told_events

HEAL = "heal: {cooldown_days: 0, min_rows: 100}\nrollout: {strategy: all_at_once}\n"
ROWS = 150


def predicted(stack: Session, model: str, name: str, cut: float) -> str:
    """A request of many rows, and the truth of each as the changed world has it."""
    rows = [{"x": (i * 37 % 100) / 10} for i in range(ROWS)]
    predictions = predict(stack, model, rows, name=name).predictions
    assert [answer.id for answer in predictions[:2]] == [f"{name}#0", f"{name}#1"]
    return "".join(f"{answer.id},{name}{i},{int(answer.row['x'] > cut)}\n" for i, answer in enumerate(predictions))


def _state(stack: Session, alarm: str) -> str:
    return str(stack.cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"])


def tell(stack: Session, model: str, file: Path, rows: str) -> dict:
    file.write_text(f"prediction_id,id,y\n{rows}")
    look = upload_truth(stack, model, file, wait=True).monitoring
    while look["counts"]["waiting"]:
        look = monitor(stack, model)
    return look


def test_a_model_whose_world_changes_heals_by_itself(stack, tmp_path):
    folder = project(tmp_path / "healing", "healing")
    (folder / "model.yaml").write_text(SPEC.format(name="healing", gate=0.6, minutes=5) + HEAL)
    publish(stack, folder)
    with pytest.raises(CliError, match="serves yet"):
        monitor(stack, "healing")
    assert loop(stack, "healing", data(tmp_path))[-1].verdict == "completed"
    good = tell(stack, "healing", tmp_path / "good.csv", predicted(stack, "healing", "good", 4.0))
    assert (good["outcome"], good["quality"]["rows"]) == ("ok", ROWS)
    rows = "".join(predicted(stack, "healing", f"moved{i}", 7.0) for i in range(4))
    moved = tell(stack, "healing", tmp_path / "moved.csv", rows)
    assert moved["outcome"] == "degraded"
    assert moved["labelled_rows"] == 5 * ROWS
    assert until(lambda: _state(stack, "noria-monitoring/healing") == "ALARM", 60)
    healed = until(lambda: (story := ledger.read(stack, "healing")).champion["model_package_arn"].endswith("/2") and story.lock is None and story, 120)
    assert len(healed.healings) == 1
    assert healed.champion["run"] == healed.healings[0]["run"]
    assert {"QualityDegraded", "MonitoringCompleted", "TrainingRequested"} <= told_events(stack, "healing")
    better = tell(stack, "healing", tmp_path / "better.csv", predicted(stack, "healing", "better", 7.0))
    assert better["quality"]["value"] > 0.8
