"""`noria check`: the verdict of production, offline."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from cli import app
from cli.base.errors import CliError
from cli.monitoring.check import check


def test_the_verdict_is_given_offline_for_a_model_project(tmp_path):
    drawn = np.random.default_rng(10)

    def file(name: str, first: int, days: int, level: float):
        lines = [
            f"2024-{1 + d // 28:02}-{1 + d % 28:02}T{h:02}:00:00,{drawn.normal(level, 1):.3f},{h},{h % 2}"
            for d in range(first, first + days)
            for h in range(24)
        ]
        (tmp_path / name).write_text("\n".join(["ts,x,hour,y", *lines, ""]))
        return tmp_path / name

    spec = "name: x\ntask: binary\ntarget: y\ndata: {time: ts, columns: {x: {type: number}, hour: {type: integer, drift: ignore}}}\n"
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.yaml").write_text(spec + "evaluate: {gates: [{metric: accuracy, at_least: 0.5}]}\n")
    old, same, other = file("old.csv", 0, 168, 0), file("same.csv", 168, 28, 0), file("other.csv", 196, 28, 3)
    assert check(tmp_path / "m", old, same)["verdict"] == "ok"
    report = check(tmp_path / "m", old, other)
    assert (report["verdict"], set(report["columns"]), report["columns"]["x"]["drifted"]) == ("drift", {"x", "y"}, True)
    # Times that are none are a broken feed, and the reference's blocks are known all the same.
    unread, lost = tmp_path / "unread.csv", tmp_path / "lost.csv"
    unread.write_text(re.sub(r"2024-\d\d-\d\dT", "day ", same.read_text()))
    lost.write_text("\n".join(["z", *("1" * 30), ""]))
    result = check(tmp_path / "m", old, unread)
    assert (result["verdict"], [(reason["code"], reason["observed"]) for reason in result["reasons"]]) == ("incident", [("TypeChanged", "ts")])
    assert {reason["observed"] for reason in check(tmp_path / "m", old, lost)["reasons"]} == {"ts", "x"}
    # One time that is none is no broken feed; times that are all different words are one.
    one = tmp_path / "one.csv"
    one.write_text(re.sub(r"\n2024-\d\d-\d\dT00", "\nday", same.read_text(), count=1))
    assert check(tmp_path / "m", old, one)["verdict"] == "ok"
    assert check(tmp_path / "m", one, same)["reasons"] == []
    many = tmp_path / "many.csv"
    many.write_text("\n".join(["ts,x,hour,y", *(f"{'oops' * 5}{number},0,{number % 24},{number % 2}" for number in range(672)), ""]))
    assert ("TypeChanged", "ts") in [(reason["code"], reason["observed"]) for reason in check(tmp_path / "m", old, many)["reasons"]]
    with pytest.raises(CliError, match="no value of ts is a time"):
        check(tmp_path / "m", unread, same)
    requests = ["check", str(tmp_path / "m"), "--reference", str(old), "--current", str(other), "--html", str(tmp_path / "page.html")]
    ended = CliRunner().invoke(app.app, requests)
    assert (ended.exit_code, "x  before |" in ended.output) == (0, True)
    page = (tmp_path / "page.html").read_text()
    assert "other.csv against old.csv" in page
    assert "<svg" in page
    assert (report["model"], report["target"], report["ignored"]) == ("x", "y", ["hour", "ts"])
    assert report["reference"] == {"file": "old.csv", "rows": 4_032, "since": "2024-01-01T00:00:00+00:00", "until": "2024-06-28T23:00:00+00:00"}
    assert report["blocks"] == {"count": 7, "seconds": 671 * 3_600.0}


def test_seconds_since_the_epoch_are_times(tmp_path):
    drawn = np.random.default_rng(12)
    (tmp_path / "m").mkdir()
    spec = "name: x\ntask: binary\ntarget: y\ndata: {time: ts, columns: {x: {type: number}}}\nevaluate: {gates: [{metric: accuracy, at_least: 0.5}]}\n"
    (tmp_path / "m" / "model.yaml").write_text(spec)
    for name, first, rows in (("old", 0, 4_000), ("new", 4_000, 500)):
        lines = [f"{1_577_836_800 + 3_600 * hour},{drawn.normal():.3f},{hour % 2}" for hour in range(first, first + rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["ts,x,y", *lines, ""]))
    report = check(tmp_path / "m", tmp_path / "old.csv", tmp_path / "new.csv")
    assert (report["verdict"], set(report["columns"])) == ("ok", {"x", "y"})
