"""A model project: the same content is the same project, and what it lacks or misspells is named."""

import pytest

from cli.base.errors import CliError
from cli.project import checks, images
from cli.project import project as projects
from tests.samples import ROOT
from tests.unit.cli.project.churn import GOOD


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


def test_every_model_of_the_repository_can_be_published():
    for folder in sorted((ROOT / "models").iterdir()):
        assert projects.load(folder).spec.name == folder.name


def test_images_are_those_of_the_region():
    assert images.resolve("sklearn", "eu-central-1")["training"].startswith("492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.9-0")
    assert images.resolve("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mine:1", "x")["inference"].endswith("/mine:1")
    for wrong, record in (("sklern", "expected an image URI or one of"), ("sklearn:9", "has no version 9")):
        with pytest.raises(CliError, match=record):
            images.resolve(wrong, "eu-central-1")


def test_what_is_more_often_a_slip_than_meant_is_told(tmp_path):
    folder = tmp_path / "churns"
    folder.mkdir()
    for file, text in (("model.yaml", GOOD.replace("age:", "lefty:")), ("train.py", ""), ("inference.py", "")):
        (folder / file).write_text(text)
    records = list(checks.warnings(projects.load(folder), folder))
    assert "the folder is churns, the model is churn" in records[0]
    assert "target is left, which is not in data.columns, where there is lefty" in records[1]
