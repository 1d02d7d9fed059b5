"""A replay of a history, with a project's own scripts."""

import json
import sys

import pytest
from typer.testing import CliRunner

from cli import app
from cli.base.errors import CliError
from cli.healing import view
from cli.healing.replay import replay
from cli.healing.trainer import trainer
from cli.project.spec import of_project
from noria.kernel.errors import ContractError

TRAIN = """import argparse, csv, json, os
parser = argparse.ArgumentParser()
parser.add_argument("--bias", type=float)
rows = list(csv.DictReader(open(os.environ["SM_CHANNEL_TRAIN"] + "/train.csv")))
cuts = [i / 20 for i in range(21)]
best = max(cuts, key=lambda cut: sum((float(r["x"]) > cut) == (r["y"] == "1") for r in rows))
json.dump(best + parser.parse_args().bias, open(os.environ["SM_MODEL_DIR"] + "/cut.json", "w"))
print("trained")
"""
INFERENCE = """import json
def model_fn(folder):
    return json.load(open(folder + "/cut.json"))
def input_fn(body, content_type):
    return [float(line) for line in body.splitlines()]
def predict_fn(rows, cut):
    return [int(x > cut) for x in rows]
def output_fn(found, accept):
    print("said")
    return "".join(f"{value}\\n" for value in found), "text/csv"
"""
SPEC = """name: m
task: binary
target: y
data: {time: at, columns: {x: {type: number}}}
train: {hyperparameters: {bias: 0.0}}
evaluate: {split: {by: time, test: 0.2}, gates: [{metric: accuracy, at_least: 0.5}]}
heal: {min_rows: 100, recent_days: 30}
"""


def project(folder, train=TRAIN):
    for name, text in (("model.yaml", SPEC), ("train.py", train), ("inference.py", INFERENCE)):
        (folder / name).write_text(text)
    rows = [
        f"2025-{1 + i // 672:02}-{1 + i % 672 // 24:02}T{i % 24:02}:00:00,{i * 37 % 100 / 100},{int(i * 37 % 100 / 100 > (0.5 if i < 2000 else 0.8))}"
        for i in range(6000)
    ]
    (folder / "history.csv").write_text("\n".join(["at,x,y", *rows, ""]))
    return folder


def test_replay_runs_the_projects_own_scripts(tmp_path):
    folder = project(tmp_path)
    report = replay(folder, folder / "history.csv", ("", "on="), "2025-02-15", 7, True, sys.executable)
    assert report["managed"]["mean"] > report["frozen"]["mean"] + 0.05
    assert report["policies"]["on="]["retrainings"] == 0
    assert report["rows"] == 6000
    view.draw(report, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_a_script_that_fails_is_told_with_its_own_words(tmp_path):
    folder = project(tmp_path, "raise ValueError('no such thing')")
    with pytest.raises(CliError, match="no such thing"):
        replay(folder, folder / "history.csv", (), None, None, False, sys.executable)


def test_what_a_policy_changes_may_be_a_block_and_what_it_prevents_is_told(tmp_path, capsys):
    folder = project(tmp_path)
    policies = ("cooldown_days=100, on=quality+drift", "budget={a_month: 5, per_hour: 0.1},min_rows=100000,off_peak=22:00-06:00")
    (folder / "history.txt").write_text((folder / "history.csv").read_text().replace(",", ";"))
    report = replay(folder, folder / "history.txt", policies, "2025-02-15", 7, False, sys.executable)
    waited = {wait["reason"]: wait for wait in report["policies"][policies[1]]["waited"]}
    assert waited["TooFewNewRows"]["windows"] >= 2
    assert report["policies"][policies[0]]["waited"] == [] or "Cooldown" in {wait["reason"] for wait in report["policies"][policies[0]]["waited"]}
    view.replay(report)
    shown = capsys.readouterr().out.replace("\n", " ")
    assert "managed 1" in shown
    assert "managed 2: budget=" in shown
    assert "heal.min_rows" in shown


def test_windows_of_too_few_rows_are_refused_before_anything_is_trained(tmp_path):
    folder = project(tmp_path, "raise ValueError('trained')")
    lines = (folder / "history.csv").read_text().splitlines()
    (folder / "history.csv").write_text("\n".join([*lines[:1], *lines[1::12], ""]))
    with pytest.raises(ContractError, match="no window has 20 rows, the largest has 14"):
        replay(folder, folder / "history.csv", (), None, 7, False, sys.executable)


@pytest.mark.parametrize("name", ["plot.jpg", "nowhere/plot.png"])
def test_a_plot_that_cannot_be_kept_is_refused_before_anything_is_trained(tmp_path, name):
    folder = project(tmp_path, "raise ValueError('trained')")
    ended = CliRunner().invoke(app.app, ["replay", str(folder), str(folder / "history.csv"), "--plot", str(tmp_path / name)])
    assert isinstance(ended.exception, CliError)
    assert "--plot" in str(ended.exception)


@pytest.mark.parametrize("policy", ["cooldown=1", "a_day=0", "on=hope", "nonsense", "cooldown_days", "budget={a_mont: 3}", "budget={", "off_peak=3"])
def test_a_policy_that_is_none_is_refused(tmp_path, policy):
    folder = project(tmp_path)
    with pytest.raises(CliError, match="--policy"):
        replay(folder, folder / "history.csv", (policy,), None, None, False, sys.executable)


def test_the_command_prints_what_would_have_happened_and_plots_it(tmp_path, monkeypatch):
    folder = project(tmp_path)
    monkeypatch.setattr("cli.healing.trainer.environment", lambda spec, requirements: sys.executable)
    (folder / "requirements.txt").write_text("")
    command = ["replay", str(folder), str(folder / "history.csv"), "--first", "2025-02-15", "--window", "30", "--no-drift"]
    result = CliRunner().invoke(app.app, [*command, "--plot", str(tmp_path / "plot.png"), "--html", str(tmp_path / "page.html")])
    assert result.exit_code == 0, result.exception
    assert result.stdout.startswith("6,000 rows in ")
    assert [line.split()[0] for line in result.stdout.splitlines()[2:4]] == ["managed", "every"]
    assert result.stdout.endswith(f"wrote {tmp_path / 'plot.png'}\nwrote {tmp_path / 'page.html'}\n")
    assert "m: replay of history.csv" in (tmp_path / "page.html").read_text()
    assert json.loads(CliRunner().invoke(app.app, [*command, "--json"]).stdout)["rows"] == 6_000


def test_a_replay_that_cannot_be_played_is_refused(tmp_path):
    folder = project(tmp_path)
    with pytest.raises(CliError, match="--first: found 'soon'"):
        replay(folder, folder / "history.csv", (), "soon", None, False, sys.executable)
    spec = (folder / "model.yaml").read_text()
    (folder / "preprocess.py").write_text("")
    (folder / "model.yaml").write_text(spec + "preprocess: {script: {entry: preprocess.py}}\n")
    with pytest.raises(CliError, match="a replay runs no processing jobs"):
        replay(folder, folder / "history.csv", (), None, None, False, sys.executable)


def test_a_prediction_that_is_not_one_line_a_row_is_refused(tmp_path):
    folder = project(tmp_path)
    (folder / "inference.py").write_text(INFERENCE.replace('"".join(f"{value}\\n" for value in found)', '"1\\n"'))
    with pytest.raises(CliError, match=r"inference\.py answered 1 lines for"):
        replay(folder, folder / "history.csv", (), "2025-02-15", 30, False, sys.executable)


def test_an_image_without_an_environment_says_so(tmp_path, monkeypatch):
    folder = project(tmp_path)
    monkeypatch.setattr("cli.healing.trainer.ROOT", tmp_path)
    with pytest.raises(CliError, match=r"the environments are not set up \(.*\); run: make setup"), trainer(folder, of_project(folder), None):
        pass
