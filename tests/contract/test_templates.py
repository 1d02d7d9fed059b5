"""Templates: one prefix names everything, and every environment deploys under one of its own."""

import re
import tomllib

import pytest

from scripts.templates import ROOT, templates

APPLICATION = templates()[0]
PREFIX = APPLICATION.body["Parameters"]["Prefix"]
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
    assert APPLICATION.body["Outputs"]["Prefix"]["Value"] == {"Ref": "Prefix"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_has_an_allowed_prefix_which_is_its_stage(environment):
    prefix = prefix_of(environment)
    assert re.fullmatch(PREFIX["AllowedPattern"], prefix)
    assert environment == "local" or f"noria:stage={prefix}" in ENVIRONMENTS[environment]["tags"]


def test_no_two_environments_of_an_account_share_a_prefix():
    apart = [name for name in ENVIRONMENTS if name != "local"]
    assert len({prefix_of(name) for name in apart}) == len(apart)
