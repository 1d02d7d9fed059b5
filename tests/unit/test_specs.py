"""Model projects: what is packed, refused and started anew."""

import gzip
from pathlib import Path

import pytest

from cli import contracts, images, projects, publishing, starting
from cli.errors import CliError
from tests.unit.spec.churn import GOOD


def test_what_is_more_often_a_slip_than_meant_is_told(tmp_path):
    folder = tmp_path / "churns"
    folder.mkdir()
    for file, text in (("model.yaml", GOOD.replace("age:", "lefty:")), ("train.py", ""), ("inference.py", "")):
        (folder / file).write_text(text)
    records = list(publishing.warnings(projects.load(folder), folder))
    assert "the folder is churns, the model is churn" in records[0]
    assert "target is left, which is not in data.columns, where there is lefty" in records[1]


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


def test_every_model_of_the_repository_can_be_published():
    for folder in sorted((Path(__file__).resolve().parents[2] / "models").iterdir()):
        assert projects.load(folder).spec.name == folder.name


def test_images_are_those_of_the_region():
    assert images.resolve("sklearn", "eu-central-1")["training"].startswith("492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.9-0")
    assert images.resolve("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine:1", "x")["inference"].endswith("/mine:1")
    for wrong, record in (("sklern", "expected an image URI or one of"), ("sklearn:9", "has no version 9")):
        with pytest.raises(CliError, match=record):
            images.resolve(wrong, "eu-central-1")


def test_words_that_are_numbers_or_times_elsewhere_are_told(tmp_path):
    file = tmp_path / "de.csv"
    file.write_text("wann;wert;wort\n" + "".join(f"{1 + i % 28:02}.12.2024 10:00;{i}.000,5;a{i}\n" for i in range(5_000)))
    hints = [line for line in contracts.suggest(file).splitlines() if "?" in line]
    assert ["times?" in hints[0], "decimal comma?" in hints[1], len(hints)] == [True, True, 2]
