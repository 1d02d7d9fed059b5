"""A profile of a file, and the contract that it suggests."""

import json

import pytest
from typer.testing import CliRunner

from cli import app
from cli.base import files
from cli.base.errors import CliError
from cli.data import contract, profile
from cli.project.spec import parse


def test_a_file_is_profiled_and_its_contract_suggested_without_any_stack(tmp_path, capsys):
    lines = [f"2011-01-01T{i % 24:02}:00:00,{i},{i % 7},{'?' if i % 50 == 0 else i / 10},{'red' if i % 3 else 'blue'}" for i in range(200)]
    (tmp_path / "x.csv").write_text("\n".join(["ts,id,day,price,colour", *lines, ""]))
    dataset = files.profile(tmp_path / "x.csv", "ts", ("id",))
    report = profile.report(dataset)
    assert (report["rows"], report["columns"]["day"]["numbers"]["max"], report["columns"]["colour"]["top"][0][0]) == (200, 6, "red")
    assert json.loads(json.dumps(report, allow_nan=False)) is not None
    suggested = contract.suggest(tmp_path / "x.csv")
    assert "time: ts" in suggested
    assert "key: [id]" in suggested
    assert "day: {type: integer, between: [0, 6]}" in suggested
    assert "colour: {type: category, values: [blue, red]}" in suggested
    assert '# "?" in 4 rows: read as an empty value; where it is a value, take it out of missing' in suggested
    assert 'price: {type: number, nullable: true, missing: ["", "?"], between: [0, null]}' in suggested
    # What is suggested is a contract that the spec takes.
    spec = parse(f"name: x\ntask: regression\ntarget: price\n{suggested}evaluate: {{gates: [{{metric: mae, at_most: 5}}]}}\n", "model.yaml")
    assert spec.data.columns["day"].between == (0, 6)
    with pytest.raises(CliError, match="has no column at"):
        files.profile(tmp_path / "x.csv", "at")


def test_a_kept_profile_stands_for_its_file(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n" + "".join(f"{i},{i % 3}\n" for i in range(50)))
    files.write(tmp_path / "x.profile", files.profile(tmp_path / "x.csv").to_bytes())
    assert profile.report(files.profile(tmp_path / "x.profile")) == profile.report(files.profile(tmp_path / "x.csv"))
    assert contract.suggest(tmp_path / "x.profile") == contract.suggest(tmp_path / "x.csv")
    with pytest.raises(CliError, match="cannot write"):
        files.write(tmp_path / "nowhere" / "x.profile", b"")
    (tmp_path / "head.csv").write_text("a,b\n")
    assert list(files.profile(tmp_path / "head.csv").columns) == ["a", "b"]


def test_numbers_and_times_in_the_notation_of_another_country_are_suggested_as_such(tmp_path):
    file = tmp_path / "de.csv"
    file.write_text("wann;wert;wort\n" + "".join(f"{1 + i % 28:02}.12.2024 10:00;{1 + i % 900}.000,5;a{i}\n" for i in range(5_000)), encoding="utf-16")
    suggested = contract.suggest(file)
    assert '# Read as CSV with delimiter ";", encoding utf-16-le, decimal mark ",", thousands separator ".": ' in suggested
    assert 'time_format: "%d.%m.%Y %H:%M"' in suggested
    assert "wert: {type: number, between: [0, null]}" in suggested


def test_the_commands_need_no_stack(tmp_path):
    (tmp_path / "x.csv").write_text("ts,x,word\n" + "".join(f"2026-01-01T{i:02}:00:00,{i},{'ab'[i % 2]}\n" for i in range(24)))

    def noria(*arguments):
        return CliRunner().invoke(app.app, [str(argument) for argument in arguments])

    table = noria("profile", tmp_path / "x.csv", "--time", "ts", "--html", tmp_path / "x.html", "--out", tmp_path / "x.profile")
    assert table.stdout.splitlines()[:2] == [f"wrote {tmp_path / 'x.profile'}", f"wrote {tmp_path / 'x.html'}"]
    assert "24 rows, 3 columns, in the order of time" in table.stdout
    assert "██  " in table.stdout
    assert "<svg" in (tmp_path / "x.html").read_text()
    assert json.loads(noria("profile", tmp_path / "x.profile", "--json").stdout)["columns"]["x"]["numbers"]["max"] == 23
    assert json.loads(noria("contract", "suggest", tmp_path / "x.csv", "--json").stdout)["data"]["time"] == "ts"
    assert noria("contract", "suggest", tmp_path / "x.csv").stdout.startswith("# What this file keeps")
    assert "--out" in str(noria("profile", tmp_path / "x.csv", "--out", tmp_path / "x.csv").exception)
