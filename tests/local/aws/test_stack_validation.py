"""What a template may say: parameters, references and exports are checked as on AWS, of a root before there is a stack, of a child before it is one."""

import re

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.local.aws.nested import CAPABILITIES, QUEUE, Stacks, get_att, nested, parameter, ref

PREFIX = {"Prefix": {"Type": "String", "Default": "noria", "AllowedPattern": "^[a-z][a-z0-9]{0,14}$"}}
STAGE = {"Stage": {"Type": "String", "AllowedValues": ["test", "live"]}}
NOTED = {"Prefix": PREFIX["Prefix"] | {"ConstraintDescription": "at most 15 lower-case letters and digits"}}
ECHO = {"Echo": parameter(ref("Value"))}
CONDITIONS = {"Never": {"Fn::Equals": ["a", "b"]}}
OPTIONAL = QUEUE | {"Condition": "Never"}

#: Declared parameters, values, and what AWS answers.
VALUES = {
    "another pattern": (PREFIX, {"Prefix": "no-hyphen"}, r"Parameter 'Prefix' must match pattern \^\[a-z\]\[a-z0-9\]\{0,14\}\$"),
    "the pattern and more": (PREFIX, {"Prefix": "sixteenletters16"}, "Parameter 'Prefix' must match pattern"),
    "its own words": (NOTED, {"Prefix": "A"}, "Parameter Prefix failed to satisfy constraint: at most 15 lower-case letters and digits"),
    "a value that is not allowed": (STAGE, {"Stage": "prod"}, "Parameter 'Stage' must be one of AllowedValues"),
    "no values": (STAGE | {"Other": {"Type": "String"}}, {}, r"Parameters: \[Stage, Other\] must have values"),
    "an unknown parameter": (PREFIX, {"Prefx": "a"}, r"Parameters: \[Prefx\] do not exist in the template"),
    "a parameter where there are none": ({}, {"Prefix": "a"}, "Parameter values specified for a template which does not require them"),
}
#: Resources, outputs, and what AWS answers.
REFERENCES = {
    "a resource that is not there": ({"Echo": parameter(ref("Gone"))}, {}, r"Unresolved resource dependencies \[Gone\] in the Resources block of the template"),
    "a resource in a text": (
        {"Echo": parameter({"Fn::Sub": "${AWS::Region}-${Gone}"})},
        {},
        r"Unresolved resource dependencies \[Gone\] in the Resources block",
    ),
    "an attribute of none": ({"Echo": parameter(get_att("Gone", "Arn"))}, {}, "instance of Fn::GetAtt references undefined resource Gone"),
    "an output of none": ({"Queue": QUEUE}, {"Gone": ref("Gone")}, r"Unresolved resource dependencies \[Gone\] in the Outputs block of the template"),
    "a dependency on none": ({"Queue": QUEUE | {"DependsOn": "Gone"}}, {}, r"Unresolved resource dependencies \[Gone\] in the Resources block"),
    "a resource that is off": (
        {"Echo": parameter(ref("Optional")), "Optional": OPTIONAL},
        {},
        r"Unresolved resource dependencies \[Optional\] in the Resources block",
    ),
    "an attribute of what is off": (
        {"Queue": QUEUE, "Optional": OPTIONAL},
        {"Arn": get_att("Optional", "Arn")},
        r"Unresolved resource dependencies \[Optional\] in the Outputs block",
    ),
    "no condition": ({"Queue": QUEUE | {"Condition": "Gone"}}, {}, "Unresolved condition dependency Gone in the Resources block of the template"),
    "no condition of a value": ({"Echo": parameter({"Fn::If": ["Gone", "a", "b"]})}, {}, "unresolved condition dependency Gone in Fn::If"),
    "a circle": (
        {"One": parameter(get_att("Two", "Value")), "Two": parameter(get_att("One", "Value"))},
        {},
        r"Circular dependency between resources: \[One, Two\]",
    ),
}


@pytest.fixture(scope="module")
def stacks(client):
    return Stacks(client)


def create_change_set(stacks, name, resources, parameters, values):
    body = yaml.safe_dump({"Parameters": parameters, "Resources": resources}, sort_keys=False)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    stacks.client.create_change_set(
        StackName=name, ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=body, Parameters=given, Capabilities=CAPABILITIES
    )


@pytest.mark.parametrize(("declared", "values", "message"), VALUES.values(), ids=VALUES)
def test_a_change_set_is_refused_for_its_parameters(stacks, name, declared, values, message):
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        create_change_set(stacks, name, {"Queue": QUEUE}, declared, values)
    assert not stacks.ids(name)


@pytest.mark.parametrize(("declared", "values", "message"), VALUES.values(), ids=VALUES)
def test_a_child_is_refused_for_its_parameters(stacks, name, declared, values, message):
    url = stacks.put({"Queue": QUEUE}, Parameters=declared)
    assert stacks.create(name, {"Child": nested(url, **values)})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert re.search(message, stacks.reasons(name))
    assert not stacks.ids(f"{name}-")


def test_a_child_that_is_transformed_needs_the_capability_to_expand(stacks, name):
    body = yaml.safe_dump({"Resources": {"Child": nested(stacks.put({"Queue": QUEUE}, Transform="AWS::Serverless-2016-10-31"))}})
    stacks.client.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    assert stacks.settle(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Requires capabilities : [CAPABILITY_AUTO_EXPAND]" in stacks.reasons(name)


def test_a_child_takes_no_lists(stacks, name):
    url = stacks.put(ECHO, Parameters={"Value": {"Type": "CommaDelimitedList"}})
    stacks.create(name, {"Child": nested(url, Value=["a", "b"])})
    assert "Value of property Parameters must be an object with String (or simple type) properties" in stacks.reasons(name)


def test_a_child_takes_numbers_and_truths_as_texts(stacks, name):
    url = stacks.put({"Queue": QUEUE}, {"Sum": {"Fn::Sub": "${Number} ${Truth}"}}, Parameters={"Number": {"Type": "Number"}, "Truth": {"Type": "String"}})
    stacks.create(name, {"Child": nested(url, Number=3, Truth=True)})
    assert stacks.outputs(stacks.resources(name)["Child"]) == {"Sum": "3 true"}


def test_a_child_whose_new_parameters_are_refused_stays_as_it_is(stacks, name):
    url = stacks.put(ECHO, Parameters={"Value": {"Type": "String", "AllowedPattern": "[a-z]+"}})
    stacks.create(name, {"Child": nested(url, Value="a")})
    child = stacks.resources(name)["Child"]
    root = stacks.update(name, {"Child": nested(url, Value="1")})
    assert root["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Parameter 'Value' must match pattern [a-z]+" in stacks.reasons(name)
    assert stacks.value(stacks.resources(child)["Echo"]) == "a"
    assert stacks.describe(child)["StackStatus"] == "CREATE_COMPLETE"


def test_an_update_may_take_the_value_that_a_parameter_had(stacks, name):
    template = {"Parameters": {"Value": {"Type": "String"}}, "Resources": ECHO}
    stacks.client.create_stack(StackName=name, TemplateBody=yaml.safe_dump(template), Parameters=[{"ParameterKey": "Value", "ParameterValue": "a"}])
    stacks.settle(name)
    template["Resources"] |= {"Queue": QUEUE}
    stacks.client.update_stack(StackName=name, TemplateBody=yaml.safe_dump(template), Parameters=[{"ParameterKey": "Value", "UsePreviousValue": True}])
    assert stacks.settle(name)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.value(stacks.resources(name)["Echo"]) == "a"


@pytest.mark.parametrize(("resources", "outputs", "message"), REFERENCES.values(), ids=REFERENCES)
def test_a_template_is_refused_for_what_it_refers_to(stacks, name, resources, outputs, message):
    with pytest.raises(ClientError, match=rf"\(ValidationError\).*{message}"):
        stacks.create(name, resources, outputs, Conditions=CONDITIONS)
    assert not stacks.ids(name)


def test_what_is_off_may_be_named_in_the_branch_that_is_not_taken(stacks, name):
    value = {"Fn::If": ["Never", ref("Optional"), "none"]}
    root = stacks.create(name, {"Echo": parameter(value), "Optional": OPTIONAL}, {"Value": value}, Conditions=CONDITIONS)
    assert root["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs(name) == {"Value": "none"}


def test_a_condition_may_ask_for_the_region(stacks, name):
    conditions = {"Here": {"Fn::Equals": [ref("AWS::Region"), "us-east-1"]}}
    stacks.create(name, {"Queue": QUEUE, "Optional": QUEUE | {"Condition": "Here"}}, Conditions=conditions)
    assert stacks.resources(name).keys() == {"Queue", "Optional"}


def test_a_name_is_exported_once(stacks, name):
    export = {"Arn": {"Value": get_att("Queue", "Arn"), "Export": {"Name": name}}}
    stacks.create(f"{name}-a", {"Child": nested(stacks.put({"Queue": QUEUE}, export))})
    assert stacks.create(f"{name}-b", {"Queue": QUEUE}, export)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"Export with name {name} is already exported by stack {name}-a-Child-" in stacks.reasons(f"{name}-b")


@pytest.mark.parametrize(("exported", "verb"), [({}, "deleted"), ({"Value": {"Value": "2", "Export": {"Name": "NAME"}}}, "updated")])
def test_an_export_stays_while_another_stack_imports_it(stacks, name, exported, verb):
    exported = yaml.safe_load(yaml.safe_dump(exported).replace("NAME", name))

    def put(outputs):
        return {"Child": nested(stacks.put({"Queue": QUEUE}, outputs))}

    stacks.create(f"{name}-a", put({"Value": {"Value": "1", "Export": {"Name": name}}}))
    stacks.create(f"{name}-b", {"Echo": parameter({"Fn::ImportValue": name})})
    assert stacks.update(f"{name}-a", put(exported))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    child = stacks.resources(f"{name}-a")["Child"]
    assert f"Export {name} cannot be {verb} as it is in use by {name}-b" in stacks.reasons(child)
    assert stacks.exports()[name] == "1"
    assert stacks.delete(f"{name}-a")["StackStatus"] == "DELETE_FAILED"
