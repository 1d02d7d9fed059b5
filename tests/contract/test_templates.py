"""Templates: a root that keeps the state, a stack a context, and one prefix that names everything."""

import json
import re
import tomllib

import pytest
import yaml

from scripts import local_template
from scripts.templates import FUNCTION, LAYER, MACHINE, ROOT, address, resources, templates

MOST_LINES = 500
#: Types of what holds data or messages, or is known to users: it stays in the root, so that it never moves from one stack to another.
STATE = {
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
}

TOP, *STACKS = templates()
PREFIX = TOP.body["Parameters"]["Prefix"]
ENVIRONMENTS = {name: block["deploy"]["parameters"] for name, block in tomllib.loads((ROOT / "samconfig.toml").read_text()).items() if name != "version"}


def prefix_of(environment):
    return dict(pair.split("=", 1) for pair in ENVIRONMENTS[environment].get("parameter_overrides", "").split()).get("Prefix", PREFIX["Default"])


@pytest.mark.parametrize("prefix", ["n", "noria", "noria2", "s" * 15])
def test_a_prefix_is_lower_case_letters_and_digits_at_most_fifteen(prefix):
    assert re.fullmatch(PREFIX["AllowedPattern"], prefix)


@pytest.mark.parametrize("prefix", ["", "2noria", "Noria", "noria-prod", "noria_prod", "noria/", "s" * 16])
def test_a_prefix_that_would_not_fit_or_be_the_beginning_of_another_s_names_is_refused(prefix):
    assert not re.fullmatch(PREFIX["AllowedPattern"], prefix)


def test_a_refusal_of_a_prefix_says_what_is_allowed():
    assert "14 lower-case letters and digits" in PREFIX["ConstraintDescription"]


def test_nothing_is_named_after_a_stack():
    for template in templates():
        assert "AWS::StackName" not in template.path.read_text(), template.path


def test_the_prefix_is_an_output_of_the_root():
    assert TOP.body["Outputs"]["Prefix"]["Value"] == {"Ref": "Prefix"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_has_an_allowed_prefix_which_is_its_stage(environment):
    prefix = prefix_of(environment)
    assert re.fullmatch(PREFIX["AllowedPattern"], prefix)
    assert environment == "local" or f"noria:stage={prefix}" in ENVIRONMENTS[environment]["tags"]


def test_no_two_environments_of_an_account_share_a_prefix():
    apart = [name for name in ENVIRONMENTS if name != "local"]
    assert len({prefix_of(name) for name in apart}) == len(apart)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_lets_cloudformation_expand_what_the_root_nests(environment):
    assert set(ENVIRONMENTS[environment]["capabilities"]) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.path.name)
def test_a_template_is_short(template):
    assert len(template.path.read_text().splitlines()) < MOST_LINES


def test_every_file_of_a_stack_is_nested_once():
    assert sorted(stack.path for stack in STACKS) == sorted((ROOT / "stacks").rglob("*.yaml"))


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.stack)
def test_a_stack_is_given_every_parameter_that_it_has_and_uses_every_one(stack):
    declared = stack.body["Parameters"]
    text = json.dumps({name: section for name, section in stack.body.items() if name != "Parameters"})
    used = set(re.findall(r'"Ref": "(\w+)"', text)) | set(re.findall(r"\$\{(\w+)\}", text))
    assert set(declared) == set(stack.arguments) == used & set(declared)
    assert all(parameter["Description"] for parameter in declared.values())
    assert not any("Default" in parameter for parameter in declared.values())


@pytest.mark.parametrize("resource", [*resources(FUNCTION), *resources(MACHINE)], ids=lambda resource: resource.address)
def test_a_function_and_a_machine_are_in_the_stack_of_the_context_whose_folder_has_them(resource):
    folder = resource.path("CodeUri" if resource.type == FUNCTION else "DefinitionUri").parent.name
    assert resource.template.stack == f"{folder.title()}/"
    assert resource.template.path == ROOT / "stacks" / f"{folder}.yaml"


def test_what_is_retained_or_holds_state_is_in_the_root_alone():
    retained = {resource.address for resource in resources() if resource.type in STATE or {"DeletionPolicy", "UpdateReplacePolicy"} & set(resource.body)}
    assert {"DataKey", "LakeBucket", "ArtifactBucket", "LedgerTable", "Bus"} <= retained
    assert not [address for address in retained if "/" in address]


def test_the_root_decides_and_acts_on_nothing_itself():
    assert not [*TOP.resources(FUNCTION, MACHINE)]


def test_sam_calls_a_function_by_its_stack_whether_it_is_named_with_it_or_without():
    assert address("PlanRolloutFunction") == address("Release/PlanRolloutFunction") == "Release/PlanRolloutFunction"


@pytest.mark.parametrize("name", ["", "Rollout", "Data/PlanRolloutFunction"])
def test_a_function_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(LookupError, match="Release/PlanRolloutFunction"):
        address(name)


def test_a_function_is_invoked_locally_with_the_layers_and_settings_that_the_root_hands_to_its_stack(tmp_path):
    (tmp_path / "Monitoring").mkdir()
    (stack,) = [stack for stack in STACKS if stack.stack == "Monitoring/"]
    (tmp_path / "Monitoring" / "template.yaml").write_text(yaml.safe_dump(stack.body))
    written = yaml.safe_load(local_template.write(tmp_path, "Monitoring/ReadWindowFunction").read_text())
    for layer in ("CoreLayer", "DataLayer"):
        assert written["Resources"][layer] == {"Type": LAYER, "Properties": {"ContentUri": f"../{layer}"}}
    assert not {"CoreLayer", "DataLayer"} & set(written["Parameters"])
    assert (written["Parameters"]["Prefix"]["Default"], written["Parameters"]["LogLevel"]["Default"]) == ("noria", "INFO")
