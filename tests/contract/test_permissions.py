"""Roles: a deciding function may do nothing, a machine what its tasks call and no more, and no wildcard is without a reason."""

import re

import pytest

from scripts.import_graph import deciding
from scripts.templates import MACHINE, functions, machines, resources, templates

ROOT_RESOURCES = templates()[0].body["Resources"]
MACHINES = list(machines())
#: IAM actions of the integrations that are not named after them.
ACTIONS = {
    "lambda:invoke": {"lambda:InvokeFunction"},
    "states:startExecution.sync:2": {
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
        "events:PutRule",
        "events:PutTargets",
        "events:DescribeRule",
    },
    "sagemaker:createTrainingJob.sync": {
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "sagemaker:AddTags",
        "iam:PassRole",
        "events:PutRule",
        "events:PutTargets",
        "events:DescribeRule",
    },
    "sagemaker:createProcessingJob.sync": {
        "sagemaker:CreateProcessingJob",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:StopProcessingJob",
        "sagemaker:AddTags",
        "iam:PassRole",
        "events:PutRule",
        "events:PutTargets",
        "events:DescribeRule",
    },
    "sagemaker:createTransformJob.sync": {
        "sagemaker:CreateTransformJob",
        "sagemaker:DescribeTransformJob",
        "sagemaker:StopTransformJob",
        "sagemaker:AddTags",
        "events:PutRule",
        "events:PutTargets",
        "events:DescribeRule",
    },
    "sagemaker:createModel": {"sagemaker:CreateModel", "sagemaker:AddTags", "iam:PassRole"},
    "sagemaker:createEndpointConfig": {"sagemaker:CreateEndpointConfig", "sagemaker:AddTags"},
    "sagemaker:createEndpoint": {"sagemaker:CreateEndpoint", "sagemaker:AddTags"},
    "aws-sdk:s3:headObject": {"s3:GetObject"},
    "aws-sdk:dynamodb:putItem.waitForTaskToken": {"dynamodb:PutItem"},
    "aws-sdk:sfn:sendTaskSuccess": {"states:SendTaskSuccess"},
    "aws-sdk:s3:copyObject": {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"},
}
#: What the transactions that a function plans do, by machine.
PLANNED = {
    "train.asl.yaml": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
    "rollout.asl.yaml": {"dynamodb:PutItem", "dynamodb:DeleteItem"},
    "acquire_lock.asl.yaml": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    "rollback.asl.yaml": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
    "heal.asl.yaml": {"dynamodb:PutItem"},
}
TRANSACTED = {"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem", "Delete": "dynamodb:DeleteItem", "ConditionCheck": "dynamodb:ConditionCheckItem"}
#: What a role needs besides its integrations: the key that encrypts, what a model's package is read by, and guardrails' alarms.
BESIDES = {"cloudwatch:DescribeAlarms", "kms:Decrypt", "kms:GenerateDataKey", "sagemaker:DescribeModelPackage"}
#: What Application Auto Scaling does in the name of who registers a target.
SCALING = {
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:DeleteAlarms",
    "sagemaker:UpdateEndpointWeightsAndCapacities",
    "sagemaker:DescribeEndpointConfig",
    "iam:CreateServiceLinkedRole",
}


def statements(resource):
    """What a role, or a machine's own role, may do, by its own policies and by the managed ones that it names."""
    for policy in [*resource.properties.get("ManagedPolicyArns", []), *resource.properties.get("Policies", [])]:
        template, resolved = resource.template.resolve(policy)
        document = template.body["Resources"][resolved["Ref"]]["Properties"] if "Ref" in resolved else resolved
        yield from document.get("PolicyDocument", document)["Statement"]


def log_statements(resource):
    return [(sorted(statement["Action"]), statement["Resource"]) for statement in statements(resource) if "logs:PutLogEvents" in statement["Action"]]


def logging(function):
    return function.properties.get("LoggingConfig", function.template.body["Globals"]["Function"]["LoggingConfig"])


def sibling(resource, name):
    (result,) = [other for other in resource.template.resources() if other.name == name]
    return result


def actions(resource):
    return {action for statement in statements(resource) for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])}


def needed(machine, state):
    name = state["Resource"].removeprefix("arn:aws:states:::")
    if "transactWriteItems" in name:
        request = state["Arguments"]
        return PLANNED[machine] if isinstance(request, str) else {TRANSACTED[kind] for item in request["TransactItems"] for kind in item}
    if name in ACTIONS:
        return ACTIONS[name]
    service, operation = name.removeprefix("aws-sdk:").replace("applicationauto", "application-auto").split(":")
    return {f"{service}:{operation[0].upper()}{operation[1:]}", *(SCALING if operation == "registerScalableTarget" else ())}


def integrations(states):
    for state in states.values():
        if state["Type"] == "Task":
            yield state
        if state["Type"] == "Map":
            yield from integrations(state["ItemProcessor"]["States"])


@pytest.mark.parametrize("folder", sorted(deciding()))
def test_a_deciding_function_may_write_the_log_of_its_context_and_nothing_else(folder):
    function = functions()[folder]
    assert function.properties["Role"] == {"Fn::GetAtt": ["DecidingRole", "Arn"]}
    assert logging(function) == {"LogGroup": {"Ref": "DecidingLogGroup"}}
    role = sibling(function, "DecidingRole")
    assert log_statements(role) == [(["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["DecidingLogGroup", "Arn"]})]
    assert len(list(statements(role))) == 1


@pytest.mark.parametrize("folder", sorted(set(functions()) - deciding()))
def test_a_reading_function_has_a_role_and_a_log_of_its_own(folder):
    function = functions()[folder]
    name = function.name.removesuffix("Function")
    assert function.properties["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert logging(function) == {"LogGroup": {"Ref": f"{name}LogGroup"}}
    assert log_statements(sibling(function, f"{name}Role")) == [(["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": [f"{name}LogGroup", "Arn"]})]


@pytest.mark.parametrize(("name", "machine", "resource"), MACHINES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_machine_may_do_what_its_tasks_call_and_no_more(name, machine, resource):
    expected = set().union(*(needed(name, used) for used in integrations(machine["States"])))
    allowed = actions(resource)
    assert expected <= allowed, f"lacks {sorted(expected - allowed)}"
    assert allowed - BESIDES <= expected, f"has more than it needs: {sorted(allowed - BESIDES - expected)}"


@pytest.mark.parametrize("resource", [*resources(MACHINE), *resources("AWS::IAM::Role")], ids=lambda resource: resource.address)
def test_what_reads_or_writes_the_ledger_or_a_bucket_may_use_the_key_that_encrypts_it(resource):
    allowed = actions(resource)
    if any(action.startswith(("dynamodb:", "s3:GetObject", "s3:PutObject")) for action in allowed):
        assert {"kms:Decrypt", "kms:GenerateDataKey"} <= allowed


#: The role in each machine's requests to SageMaker: training sees no holdout, so it has a role of its own.
PASSED = {
    "train.asl.yaml": "TrainingRole",
    "preprocess.asl.yaml": "ProcessingRole",
    "evaluate.asl.yaml": "ExecutionRole",
    "smoke_test.asl.yaml": "ExecutionRole",
}


@pytest.mark.parametrize(("name", "machine", "resource"), MACHINES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_machine_may_pass_the_very_role_that_its_requests_name(name, machine, resource):
    passed = [resource.template.resolve(statement["Resource"])[1] for statement in statements(resource) if statement["Action"] == "iam:PassRole"]
    assert passed == ([{"Fn::GetAtt": [PASSED[name], "Arn"]}] if name in PASSED else [])


def test_roles_are_passed_to_sagemaker_alone():
    for resource in resources(MACHINE):
        for statement in statements(resource):
            if statement["Action"] == "iam:PassRole":
                assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_every_wildcard_resource_has_its_reason_beside_it():
    for template in templates():
        lines = template.path.read_text().splitlines()
        for number, line in enumerate(lines):
            if re.search(r'Resource: "\*"', line):
                assert "#" in line or "#" in lines[number - 1], f"{template.path.name}, line {number + 1}: {line.strip()}"


def test_no_secret_is_in_an_environment_variable():
    for template in {function.template.path: function.template for function in functions().values()}.values():
        names = template.body["Globals"]["Function"]["Environment"]["Variables"]
        assert set(names) == {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}
    assert not any("Environment" in resource.properties for resource in resources())


def test_what_holds_data_is_encrypted_kept_and_closed():
    for name in ("LakeBucket", "ArtifactBucket"):
        bucket = ROOT_RESOURCES[name]
        assert bucket["DeletionPolicy"] == "Retain"
        assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
        assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
        assert bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        policy = ROOT_RESOURCES[f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"][0]
        assert (policy["Effect"], policy["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert ROOT_RESOURCES["LedgerTable"]["Properties"]["SSESpecification"]["SSEType"] == "KMS"
