"""Errors of a model.yaml: line, field, what was found, what was expected, the nearest right word."""

import gzip
from pathlib import Path

import pytest

from cli import contracts, images, projects, publishing, specs, starting
from cli.errors import CliError
from noria.kernel.errors import SpecError

GOOD = """name: churn
task: binary
target: left
data:
  columns:
    age: {type: integer}
evaluate:
  split: {by: random}
  gates:
    - {metric: accuracy, at_least: 0.5}
"""


def refused(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        specs.parse(text, "model.yaml")
    return str(caught.value)


def test_a_spec_has_defaults_for_all_but_its_first_block():
    spec = specs.parse(GOOD, "model.yaml")
    assert (spec.serve.instance, spec.approve.mode, spec.data.bad_rows.at_most) == (("ml.m5.large",), "automatic", 0.01)


@pytest.mark.parametrize(
    ("old", "new", "record"),
    [
        ("task: binary", "task: binry", 'model.yaml:2: task: found "binry", expected one of binary, multiclass, regression; did you mean binary?'),
        ("target: left", "traget: left", "did you mean target?"),
        ("{type: integer}", "{type: intger}", "did you mean integer?"),
        ("{type: integer}", "{type: integer, nulable: true}", "model.yaml:6: data.columns.age.nulable is no field here"),
        ("at_least: 0.5", "at_least: high", 'model.yaml:10: evaluate.gates.0.at_least: found "high"'),
        ("at_least: 0.5", "at_least: 0.5, at_most: 1", "exactly one of at_least, at_most and against"),
        ("metric: accuracy", "metric: rmse", "model.yaml:10: evaluate.gates.0.metric: rmse is not for a binary task"),
        ("{by: random}", "{by: time}", "model.yaml:8: evaluate.split.by: is time, and data.time names no column"),
        ("at_least: 0.5", "at_least: 95", "accuracy is never above 1"),
        ("metric: accuracy, at_least: 0.5", "metric: rmse, at_most: -1", "rmse is never below 0"),
        ("at_least: 0.5", "at_least: .nan", "evaluate.gates.0.at_least: found NaN, expected a finite number"),
        ("age: {type: integer}", "age: {type: integer, between: [0, .inf]}", "expected a finite number"),
        ("age: {type: integer}", "age: &a [*a]", "data.columns.age: found"),
        ("task: binary", "task: binary\ntask: regression", "model.yaml:3: task is written twice"),
        ("name: churn", "name: Churn Model", 'name: found "Churn Model", expected lower-case letters'),
        ("age: {type: integer}", "age: integer", 'data.columns.age: found "integer", expected a block of fields'),
        ("at_least: 0.5}", "at_least: 0.5}\ntrain: {max_minutes: soon}", 'train.max_minutes: found "soon", expected a number'),
        ("at_least: 0.5}", "at_least: 0.5}\nheal: {budget: {a_month: 5}}", "heal.budget.per_hour is missing"),
        ("at_least: 0.5}", "at_least: 0.5}\nheal: {off_peak: 22-6}", "expected two times of day, such as 22:00-06:00"),
        ("at_least: 0.5}", "at_least: 0.5}\npreprocess: {columns: {age: {impute: {valeu: 0}}}}", "expected one of by, value; did you mean value?"),
        ("at_least: 0.5}", "at_least: 0.5}\npreprocess: {columns: {age: {impute: [1]}}}", "expected mean or median or most_frequent or {value: 0}"),
        ("name: churn\n", "", "name is missing"),
    ],
)
def test_an_error_names_line_field_found_and_right(old, new, record):
    assert record in refused(GOOD.replace(old, new, 1))


def test_what_is_more_often_a_slip_than_meant_is_told(tmp_path):
    folder = tmp_path / "churns"
    folder.mkdir()
    for file, text in (("model.yaml", GOOD.replace("age:", "lefty:")), ("train.py", ""), ("inference.py", "")):
        (folder / file).write_text(text)
    records = list(publishing.warnings(projects.load(folder), folder))
    assert "the folder is churns, the model is churn" in records[0]
    assert "target is left, which is not in data.columns, where there is lefty" in records[1]


def test_what_is_no_yaml_is_told_with_its_line():
    assert refused("name: [churn\ntask: x").startswith("model.yaml:2: is no YAML")
    assert "a mapping" in refused("- a")


def test_the_same_project_has_the_same_id_and_archive(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for file, text in (("model.yaml", GOOD), ("train.py", "a = 1"), ("inference.py", "")):
            (tmp_path / name / file).write_text(text)
    first, second = projects.load(tmp_path / "one"), projects.load(tmp_path / "two")
    on = {"training": "image:1", "inference": "image:1"}
    assert (first.id(on), first.archive) == (second.id(on), second.archive)
    assert first.id(on) != first.id({**on, "inference": "image:2"})
    (tmp_path / "two" / "train.py").write_text("a = 2")
    assert projects.load(tmp_path / "two").id(on) != first.id(on)


def test_a_project_without_its_script_is_told_what_it_lacks(tmp_path):
    (tmp_path / "model.yaml").write_text(GOOD)
    with pytest.raises(CliError, match=r"train\.py is missing"):
        projects.load(tmp_path)


def test_a_new_project_takes_over_the_columns_of_a_file_and_can_be_read(tmp_path):
    data = tmp_path / "d.csv"
    data.write_text(
        "species,bill,sex,year\n" + "".join(f"{'Adelie' if i % 2 else 'Gentoo'},{30 + i / 7},{'NA' if i == 3 else 'male'},2007\n" for i in range(9))
    )
    report = starting.start("penguins", tmp_path / "penguins", data, "species")
    assert report["task"] == "multiclass"
    spec = projects.load(tmp_path / "penguins").spec
    assert spec.data.columns["sex"].nullable
    assert spec.data.columns["species"].values == ("Adelie", "Gentoo")
    with pytest.raises(CliError, match="there already"):
        starting.start("penguins", tmp_path / "penguins", data, None)


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
        starting.start("churn", tmp_path / "churn", data, target)
    assert not (tmp_path / "churn").exists()


def test_a_project_is_the_same_from_every_format_and_its_time_is_no_column(tmp_path):
    rows = [f"2024-01-{1 + i // 24:02}T{i % 24:02}:00:00,{i * 37 % 100},{'?' if i % 20 == 1 else i / 8},{int(i * 37 % 100 > 45)}" for i in range(100)]
    text = "\n".join(["ts,heat,load,busy", *rows, ""])
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv").write_text(text.replace(",", ";"))
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(text.encode()))
    result = {name: starting.start("busy", tmp_path / name[0], tmp_path / name, None) for name in ("a.csv", "b.csv", "c.csv.gz")}
    assert [record["upload"] for record in result.values()] == [True, False, False]
    assert len({(tmp_path / folder / "model.yaml").read_text() for folder in "abc"}) == 1
    spec = projects.load(tmp_path / "a").spec
    assert (spec.data.time, list(spec.data.columns), spec.task) == ("ts", ["heat", "load", "busy"], "binary")
    # A twentieth of the loads is no number: such a file is not turned down whole.
    assert spec.data.bad_rows.at_most == 0.1


def test_odd_values_make_a_project_that_can_be_read(tmp_path):
    odd = [f"{'true' if i < 20 else i},{'n/a' if i < 200 else i},{'n/a' if i < 200 else i},{('0x10', '0b11', 'a b')[i % 3]},{i % 2}" for i in range(3000)]
    (tmp_path / "d.csv").write_text("\n".join(["a,b,c,d,y", *odd, ""]))
    starting.start("odd", tmp_path / "odd", tmp_path / "d.csv", None)
    spec = projects.load(tmp_path / "odd").spec
    assert (spec.data.bad_rows.at_most, spec.data.columns["d"].values) == (0.133, ("0b11", "0x10", "a b"))


def test_a_target_that_the_contract_does_not_describe_is_told(tmp_path):
    starting.start("churn", tmp_path / "churn", None, None)
    text = (tmp_path / "churn" / "model.yaml").read_text()
    (tmp_path / "churn" / "model.yaml").write_text(text.replace("target: target", "target: gone"))
    assert "any value of it is taken for a truth" in next(publishing.warnings(projects.load(tmp_path / "churn"), tmp_path / "churn"))


def test_no_step_is_meant_by_false():
    spec = specs.parse(GOOD + "preprocess: {columns: {age: {scale: standard, one_hot: false}}}\n", "model.yaml")
    assert spec.preprocess.columns["age"].one_hot is None


def test_every_model_of_the_repository_can_be_published():
    for folder in sorted((Path(__file__).resolve().parents[2] / "models").iterdir()):
        assert projects.load(folder).spec.name == folder.name


def test_images_are_those_of_the_region():
    assert images.resolve("sklearn", "eu-central-1")["training"].startswith("492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.9-0")
    assert images.resolve("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine:1", "x")["inference"].endswith("/mine:1")
    for wrong, record in (("sklern", "expected an image URI or one of"), ("sklearn:9", "has no version 9")):
        with pytest.raises(CliError, match=record):
            images.resolve(wrong, "eu-central-1")


def test_on_is_a_word_and_no_truth_value():
    spec = specs.parse(GOOD + "heal: {on: [quality, drift]}\ntrain: {on_upload: false}\n", "model.yaml")
    assert (spec.heal.on, spec.train.on_upload) == (("quality", "drift"), False)


def test_a_fixed_level_is_of_the_metric_that_is_watched():
    regression = GOOD.replace("task: binary", "task: regression").replace("metric: accuracy, at_least: 0.5", "metric: r2, at_least: 0.5")
    specs.parse(regression + "monitor: {quality: {metric: mae, at_least: 3}}\n", "model.yaml")
    report = refused(regression + "monitor: {quality: {at_least: 0.5}}\n")
    assert "monitor.quality.at_least: is a level of r2, in whose place rmse is watched: name monitor.quality.metric: rmse" in report


def test_words_that_are_numbers_or_times_elsewhere_are_told(tmp_path):
    file = tmp_path / "de.csv"
    file.write_text("wann;wert;wort\n" + "".join(f"{1 + i % 28:02}.12.2024 10:00;{i}.000,5;a{i}\n" for i in range(5_000)))
    hints = [line for line in contracts.suggest(file).splitlines() if "?" in line]
    assert ["times?" in hints[0], "decimal comma?" in hints[1], len(hints)] == [True, True, 2]
