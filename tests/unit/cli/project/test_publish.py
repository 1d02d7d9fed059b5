"""Publishing: once for the same content, and refused before anything is made or trained."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from cli import app
from cli.base import ledger
from cli.base.errors import CliError
from cli.project.publish import publish
from cli.project.scaffold import scaffold
from noria.kernel.errors import SpecError
from tests.samples import ROOT


def test_publishing_twice_changes_nothing_and_keeps_every_spec(stack):
    first = publish(stack, ROOT / "models" / "bikeshare")
    again = publish(stack, ROOT / "models" / "bikeshare")
    assert (first.changed, again.changed) == (True, False)
    assert first.spec == again.spec
    keys = {item["sk"]["S"] for item in stack.dynamodb.scan(TableName="ledger")["Items"]}
    assert keys == {"SPEC", f"SPEC#{first.spec}", "bikeshare"}
    assert stack.sagemaker.describe_model_package_group(ModelPackageGroupName="noria-bikeshare")


def test_a_spec_too_large_for_a_machine_is_refused_before_anything_is_made(stack, tmp_path):
    wide = tmp_path / "bikeshare"
    shutil.copytree(ROOT / "models" / "bikeshare", wide)
    spec = wide / "model.yaml"
    spec.write_text(
        spec.read_text().replace("  columns:", "  columns:\n" + "".join(f"    column_{i}: {{type: number, nullable: true}}\n" for i in range(2_000)))
    )
    with pytest.raises(SpecError, match="name fewer columns"):
        publish(stack, wide)
    assert ledger.read(stack, "bikeshare").spec is None


def test_a_project_for_a_file_of_a_thousand_columns_is_published(stack, tmp_path):
    names = [f"c{k}" for k in range(1_000)]
    rows = [",".join(["0.5"] * len(names)) + f",{row % 2}" for row in range(60)]
    (tmp_path / "wide.csv").write_text("\n".join([",".join([*names, "y"]), *rows, ""]))
    scaffold("wide", tmp_path / "wide", tmp_path / "wide.csv", "y")
    assert publish(stack, tmp_path / "wide").changed
    published = ledger.read(stack, "wide").spec
    assert published is not None
    assert list(published["data"]["columns"]) == [*names, "y"]


def test_scripts_from_before_there_was_a_preprocess_block_are_refused_and_written_anew(stack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start = CliRunner().invoke
    assert start(app.app, ["init", "churn"]).exit_code == 0
    folder = tmp_path / "models" / "churn"
    with (folder / "model.yaml").open("a") as spec:
        spec.write("preprocess: {columns: {city: {one_hot: {at_most: 3}}}}\n")
    with pytest.raises(CliError, match=r"take away train\.py and inference\.py of a project under models/, and noria init churn"):
        publish(stack, folder)
    # What is there is never written over.
    assert start(app.app, ["init", "churn"]).exit_code == 1
    for script in ("train.py", "inference.py"):
        (folder / script).unlink()
    assert json.loads(start(app.app, ["init", "churn", "--json"]).stdout)["files"] == ["inference.py", "train.py"]
    assert publish(stack, folder).changed


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            "serve: {instance: [ml.m5.large, ml.m5.huge]}",
            "serve.instance: found 'ml.m5.huge', which is no ProductionVariantInstanceType of SageMaker's; did you mean",
        ),
        ("evaluate: {gates: [{metric: accuracy, at_least: 0.5}], instance: ml.c5.large}", "evaluate.instance: found 'ml.c5.large'"),
    ],
)
def test_an_instance_type_that_sagemaker_has_not_is_refused_before_anything_is_trained(stack, tmp_path, block, message):
    folder = tmp_path / "models" / "bikeshare"
    shutil.copytree(ROOT / "models" / "bikeshare", folder)
    spec = (folder / "model.yaml").read_text()
    head = spec.split("evaluate:")[0] if block.startswith("evaluate") else spec.split("serve:")[0]
    (folder / "model.yaml").write_text(f"{head}{block}\n")
    with pytest.raises(SpecError, match=r"model.yaml:\d+: ") as caught:
        publish(stack, folder)
    assert message in str(caught.value)


def test_the_command_says_what_was_published_and_what_is_worth_a_second_look(stack, noria, tmp_path):
    folder = tmp_path / "bikes"
    shutil.copytree(ROOT / "models" / "bikeshare", folder)
    lines = noria("publish", folder).stdout.splitlines()
    assert lines[0].startswith("bikeshare published spec ")
    assert lines[0].endswith("sagemaker-scikit-learn:1.9-0-cpu-py3")
    assert lines[1] == "  next release: the first version takes all of the traffic as soon as its endpoint is in service"
    assert lines[2] == "  look again: the folder is bikes, the model is bikeshare; uploads go to incoming/bikeshare/"
    assert noria("publish", folder).stdout.startswith("bikeshare is published already, unchanged: spec ")
    document = json.loads(noria("publish", folder, "--json").stdout)
    assert (document["model"], document["changed"], len(document["warnings"])) == ("bikeshare", False, 1)
    assert document["source"] == f"s3://artifacts/projects/bikeshare/{document['spec']}/source.tar.gz"


def test_the_group_of_the_versions_and_its_tags_carry_the_prefix_of_the_stack(stack):
    stack.outputs["Prefix"] = "acme"
    publish(stack, ROOT / "models" / "bikeshare")
    group = stack.sagemaker.describe_model_package_group(ModelPackageGroupName="acme-bikeshare")
    assert {"Key": "noria:stage", "Value": "acme"} in stack.sagemaker.list_tags(ResourceArn=group["ModelPackageGroupArn"])["Tags"]
