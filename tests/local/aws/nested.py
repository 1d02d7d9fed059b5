"""Stacks of stacks for tests: templates are dictionaries, a child's lies in a bucket, as `sam deploy` puts it."""

from typing import Any

import yaml

from tests.local.aws.conftest import fresh
from tests.local.aws.waiting import until

Template = dict[str, Any]

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
QUEUE: Template = {"Type": "AWS::SQS::Queue"}


def nested(url: str, **parameters: Any) -> Template:
    """A child as a resource of its parent."""
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "Parameters": parameters}}


def ref(name: str) -> Template:
    return {"Ref": name}


def get_att(resource: str, attribute: str) -> Template:
    return {"Fn::GetAtt": [resource, attribute]}


def parameter(value: Any) -> Template:
    """A parameter of Systems Manager, which keeps a value."""
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}


def machine(role: str, output: str = "{% 1 %}") -> Template:
    """A state machine that succeeds with an expression; a wrong one is refused by the service, and fails the stack."""
    states = {"QueryLanguage": "JSONata", "StartAt": "End", "States": {"End": {"Type": "Succeed", "Output": output}}}
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": role, "Definition": states}}


class Stacks:
    """The stacks of a test, and the bucket that their children's templates are read from."""

    def __init__(self, client: Any) -> None:
        self.client, self.parameters, self.s3, self.bucket = client("cloudformation"), client("ssm"), client("s3"), fresh()
        self.queues = client("sqs")
        self.s3.create_bucket(Bucket=self.bucket)

    def put(self, resources: Template, outputs: Template | None = None, **sections: Any) -> str:
        """Store a child's template; its URL."""
        key = fresh()
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=_body(resources, outputs, sections))
        return f"https://s3.us-east-1.amazonaws.com/{self.bucket}/{key}"

    def create(self, name: str, resources: Template, outputs: Template | None = None, parameters: Template | None = None, **sections: Any) -> Template:
        """Create a stack, or begin to; as it is when it no longer changes."""
        options = {"DisableRollback": sections.pop("DisableRollback", False), "Tags": sections.pop("StackTags", [])}
        self.client.create_stack(StackName=name, **options, **self._request(resources, outputs, parameters, sections))
        return self.settle(name)

    def update(self, name: str, resources: Template, outputs: Template | None = None, parameters: Template | None = None, **sections: Any) -> Template:
        options = {"DisableRollback": sections.pop("DisableRollback", False)}
        self.client.update_stack(StackName=name, **options, **self._request(resources, outputs, parameters, sections))
        return self.settle(name)

    def change(self, name: str, resources: Template, outputs: Template | None = None, parameters: Template | None = None, **sections: Any) -> Template:
        """A change set of a stack; it is not executed."""
        request = self._request(resources, outputs, parameters, sections)
        change_set: Template = self.client.create_change_set(StackName=name, ChangeSetName=fresh(), **request)
        return {**self.client.describe_change_set(ChangeSetName=change_set["Id"])}

    def execute(self, name: str, change_set: Template) -> Template:
        self.client.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
        return self.settle(name)

    def delete(self, name: str) -> Template:
        stack_id = self.describe(name)["StackId"]
        self.client.delete_stack(StackName=name)
        return self.settle(stack_id)

    def describe(self, name: str) -> Template:
        stack: Template = self.client.describe_stacks(StackName=name)["Stacks"][0]
        return stack

    def outputs(self, name: str) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.describe(name)["Outputs"]}

    def resources(self, name: str) -> dict[str, str]:
        """Physical ids by logical id."""
        resources = self.client.describe_stack_resources(StackName=name)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}

    def events(self, name: str) -> list[Template]:
        events: list[Template] = self.client.describe_stack_events(StackName=name)["StackEvents"]
        return events

    def ids(self, prefix: str) -> list[str]:
        """Of all stacks that exist or existed whose names begin like this."""
        pages = self.client.get_paginator("list_stacks").paginate()
        return [stack["StackId"] for page in pages for stack in page["StackSummaries"] if stack["StackName"].startswith(prefix)]

    def exists(self, queue: str) -> bool:
        """Whether there is a queue, by its URL."""
        try:
            self.queues.get_queue_url(QueueName=queue.rpartition("/")[2])
        except self.queues.exceptions.QueueDoesNotExist:
            return False
        return True

    def value(self, name: str) -> str:
        """Of a parameter of Systems Manager."""
        value: str = self.parameters.get_parameter(Name=name)["Parameter"]["Value"]
        return value

    def exports(self) -> dict[str, str]:
        return {export["Name"]: export["Value"] for page in self.client.get_paginator("list_exports").paginate() for export in page["Exports"]}

    def reasons(self, name: str) -> str:
        """Why things failed, a line each."""
        return "\n".join(event["ResourceStatusReason"] for event in self.events(name) if event["ResourceStatus"].endswith("FAILED"))

    def settle(self, name: str) -> Template:
        def settled() -> Template | None:
            stack = self.describe(name)
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        return until(settled, 30)

    def _request(self, resources: Template, outputs: Template | None, parameters: Template | None, sections: Template) -> Template:
        return {
            "TemplateBody": _body(resources, outputs, sections),
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in (parameters or {}).items()],
            "Capabilities": CAPABILITIES,
        }


def _body(resources: Template, outputs: Template | None, sections: Template) -> str:
    values = {name: output if isinstance(output, dict) and "Value" in output else {"Value": output} for name, output in (outputs or {}).items()}
    return yaml.safe_dump({**sections, "Resources": resources, "Outputs": values}, sort_keys=False)
