"""A new model project: for the columns of a file, with scripts that fit its spec."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from cli.base.errors import CliError
from cli.project import checks, scripts
from cli.project import project as projects
from cli.project.scaffold import scaffold
from noria.spec import ModelSpec


def test_a_new_project_takes_over_the_columns_of_a_file_and_can_be_read(tmp_path):
    data = tmp_path / "d.csv"
    data.write_text(
        "species,bill,sex,year\n" + "".join(f"{'Adelie' if i % 2 else 'Gentoo'},{30 + i / 7},{'NA' if i == 3 else 'male'},2007\n" for i in range(9))
    )
    report = scaffold("penguins", tmp_path / "penguins", data, "species")
    assert report.task == "multiclass"
    spec = projects.load(tmp_path / "penguins").spec
    assert spec.data.columns["sex"].nullable
    assert spec.data.columns["species"].values == ("Adelie", "Gentoo")
    with pytest.raises(CliError, match="there already"):
        scaffold("penguins", tmp_path / "penguins", data, None)


@pytest.mark.parametrize(
    ("lines", "target", "record"),
    [
        (["ts,x"], None, "names and no rows"),
        (["x,ts", "1,2024-01-01", "2,2024-01-02"], None, "ts holds times"),
        (["ts,x", "2024-01-01,5", "2024-01-02,5"], "x", "x is 5 in every row"),
        (["x,who", "1,ann", "2,bob", "3,cy"], "who", "names rows and no classes"),
        (["x,y", "1,2", "2,3"], "z", "has no column 'z'"),
        (["ts,y", "2024-01-01,1", "2024-01-02,0"], "y", "no column to predict y from"),
        (None, None, "there is no file"),
    ],
)
def test_a_file_that_nothing_can_be_learnt_from_starts_no_project(tmp_path, lines, target, record):
    data = tmp_path / "d.csv"
    if lines:
        data.write_text("\n".join([*lines, ""]))
    with pytest.raises(CliError, match=record):
        scaffold("churn", tmp_path / "churn", data, target)
    assert not (tmp_path / "churn").exists()


def test_a_project_is_the_same_from_every_format_and_its_time_is_no_column(tmp_path):
    rows = [f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00,{i * 37 % 100},{'?' if i % 20 == 1 else i / 8},{int(i * 37 % 100 > 45)}" for i in range(100)]
    text = "\n".join(["ts,heat,load,busy", *rows, ""])
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv").write_text(text.replace(",", ";"))
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("a.csv", "b.csv", "c.csv.gz"):
        scaffold("busy", tmp_path / name[0], tmp_path / name, None)
    texts = [(tmp_path / folder / "model.yaml").read_text() for folder in "abc"]
    assert (
        texts[0]
        == texts[2]
        == texts[1]
        .replace('# Read as CSV with delimiter ";", encoding utf-8, decimal mark ".": ', "")
        .replace("that is read off each file, unless data.csv names it.\n", "")
    )
    spec = projects.load(tmp_path / "a").spec
    assert (spec.data.time, list(spec.data.columns), spec.task) == ("ts", ["heat", "load", "busy"], "binary")
    # A twentieth of the loads is a question mark: it is no bad row, but an empty value.
    assert (spec.data.columns["load"].missing, spec.data.bad_rows.at_most) == (("", "?"), 0.01)


def test_odd_values_make_a_project_that_can_be_read(tmp_path):
    odd = [f"{'true' if i < 20 else i},{'n/a' if i < 200 else i},{'n/a' if i < 200 else i},{('0x10', '0b11', 'a b')[i % 3]},{i % 2}" for i in range(3000)]
    (tmp_path / "d.csv").write_text("\n".join(["a,b,c,d,y", *odd, ""]))
    scaffold("odd", tmp_path / "odd", tmp_path / "d.csv", None)
    spec = projects.load(tmp_path / "odd").spec
    assert (spec.data.bad_rows.at_most, spec.data.columns["d"].values) == (0.01, ("0b11", "0x10", "a b"))
    assert (spec.data.columns["a"].type, spec.data.columns["b"].type, spec.data.columns["b"].missing) == ("integer", "integer", ("", "n/a"))


def test_gaps_in_the_target_are_bad_rows_that_the_contract_admits_and_tells(tmp_path):
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{i},{'' if i % 40 == 0 else i / 4}\n" for i in range(200)))
    scaffold("gaps", tmp_path / "gaps", tmp_path / "d.csv", "y")
    text = (tmp_path / "gaps" / "model.yaml").read_text()
    assert "  bad_rows: {at_most: 0.03}  # 5 of 200 rows of this file are bad: 'y' Null x 5" in text
    assert projects.load(tmp_path / "gaps").spec.data.bad_rows.at_most == 0.03


def test_a_target_of_yes_and_no_is_a_binary_one_in_its_own_words(tmp_path):
    (tmp_path / "d.csv").write_text("x,left\n" + "".join(f"{i},{'yes' if i % 3 else 'no'}\n" for i in range(90)))
    assert scaffold("left", tmp_path / "left", tmp_path / "d.csv", "left").task == "binary"
    column = projects.load(tmp_path / "left").spec.data.columns["left"]
    assert (column.type, column.words and column.words.true) == ("boolean", ("yes",))


def test_a_file_of_few_rows_makes_a_contract_that_takes_so_few(tmp_path):
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(9)))
    scaffold("few", tmp_path / "few", tmp_path / "d.csv", "y")
    assert projects.load(tmp_path / "few").spec.data.min_rows == 9


def test_a_target_that_the_contract_does_not_describe_is_told(tmp_path):
    scaffold("churn", tmp_path / "churn", None, None)
    text = (tmp_path / "churn" / "model.yaml").read_text()
    (tmp_path / "churn" / "model.yaml").write_text(text.replace("target: target", "target: gone"))
    assert "any value of it is taken for a truth" in next(checks.warnings(projects.load(tmp_path / "churn"), tmp_path / "churn"))


def test_init_writes_a_project_and_says_what_is_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app.app, ["init", "churn", "--json"])
    assert json.loads(ended.stdout)["files"] == ["inference.py", "model.yaml", "requirements.txt", "train.py"]
    assert CliRunner().invoke(app.app, ["init", "Not A Name"]).exit_code == 1


def spec(columns: dict | None = None) -> ModelSpec:
    kinds = {"ts": {"type": "timestamp"}, "station": {"type": "string"}, "heat": {"type": "number", "nullable": True}}
    kinds |= {"sky, now": {"type": "string", "nullable": True}, "open": {"type": "boolean", "nullable": True}}
    blocks = {"data": {"time": "ts", "columns": kinds}, "preprocess": {"columns": columns or {}}, "evaluate": {"gates": [{"metric": "mae", "at_most": 1}]}}
    return ModelSpec.model_validate({"name": "rides", "task": "regression", "target": "rides", **blocks})


def test_the_scripts_that_stand_in_find_the_columns_that_preprocessing_makes():
    result = scripts.scripts_for(spec({"sky, now": {"one_hot": True}, "ts": {"drop": True}}))["train.py"]
    assert "WORDS = ['station', 'open']" in result
    assert "features = [name for name in rows.columns if name != TARGET]" in result
    plain = scripts.scripts_for(spec())["train.py"]
    assert "features = ['ts', 'station', 'heat', 'sky, now', 'open']" in plain
    assert "numbers = ['heat']" in plain
    for text in (result, plain):
        compile(text, "train.py", "exec")


def test_scripts_keep_codes_and_words_as_they_are_written_and_leave_lists_out(tmp_path):
    rows = [f'{1000 + i % 3:05},"[{i}, 0.5]",{i},{("NA", "EU", "AS")[i % 3]}' for i in range(60)]
    (tmp_path / "d.csv").write_text("\n".join(["zip,vector,x,continent", *rows, ""]))
    scaffold("zones", tmp_path / "zones", tmp_path / "d.csv", "continent")
    text = (tmp_path / "zones" / "train.py").read_text()
    assert "WORDS = ['zip']" in text
    assert "TEXTS = [*WORDS, TARGET]" in text
    assert "    numbers = ['x']  # Left out, as neither words nor numbers: ['vector']" in text
    for name in ("train.py", "inference.py"):
        compile((tmp_path / "zones" / name).read_text(), name, "exec")


def test_the_command_says_what_to_edit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("x;y\n" + "".join(f"{i};{i % 2}\n" for i in range(60)))
    lines = CliRunner().invoke(app.app, ["init", "churn", "--data", "rows.csv", "--target", "y"]).stdout.splitlines()
    assert lines[0].startswith("wrote models/churn: inference.py, model.yaml")
    assert lines[1] == "edit them, then: noria publish models/churn"
    assert len(lines) == 2
