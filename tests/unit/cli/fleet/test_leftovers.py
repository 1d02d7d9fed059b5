"""What a deleted stack leaves is listed, and deleted but for data."""

import json
from types import SimpleNamespace

import pytest

from tests.unit.cli.runs.test_activity import Pages


@pytest.fixture
def account(stack):
    """An account with the leftovers of `noria`, and resources of another stack; what was deleted."""
    deleted: list[tuple] = []
    pages = {
        "list_endpoints": Pages(Endpoints=[{"EndpointName": "noria-m"}, {"EndpointName": "not-noria-m"}]),
        "list_endpoint_configs": Pages(EndpointConfigs=[{"EndpointConfigName": "noria-m-1"}]),
        "list_models": Pages(Models=[{"ModelName": "noria-m-1"}]),
        "list_model_package_groups": Pages(ModelPackageGroupSummaryList=[{"ModelPackageGroupName": "noria-m"}]),
    }
    stack.__dict__["sagemaker"] = SimpleNamespace(
        get_paginator=pages.__getitem__,
        delete_endpoint=lambda **request: deleted.append(tuple(request.items())),
        delete_endpoint_config=lambda **request: deleted.append(tuple(request.items())),
        delete_model=lambda **request: deleted.append(tuple(request.items())),
    )
    alarms = SimpleNamespace(paginate=lambda AlarmNamePrefix: [{"MetricAlarms": [{"AlarmName": f"{AlarmNamePrefix}m"}]}])
    stack.__dict__["cloudwatch"] = SimpleNamespace(
        get_paginator=lambda _: alarms,
        list_dashboards=lambda DashboardNamePrefix: {"DashboardEntries": [{"DashboardName": name} for name in ("noria", "noria2", "noria-m")]},
        delete_alarms=lambda **request: deleted.append(("alarms", *request["AlarmNames"])),
        delete_dashboards=lambda **request: deleted.append(("dashboards", *request["DashboardNames"])),
    )
    stack.__dict__["cloudformation"] = SimpleNamespace(get_paginator=lambda _: Pages(Stacks=[{"StackName": "other", "Outputs": []}]))
    stack.s3.create_bucket(Bucket="noria-lakebucket-1a2b")
    return deleted


def test_what_costs_is_deleted_and_data_stay(account, noria):
    listed = json.loads(noria("leftovers", "noria", "--json").stdout)["left"]
    assert account == [], "a list deletes nothing"
    assert [(entry["kind"], entry["name"]) for entry in listed if entry["data"]] == [("model package group", "noria-m"), ("bucket", "noria-lakebucket-1a2b")]
    text = noria("leftovers", "noria", "--remove").stdout
    assert account == [
        (("EndpointName", "noria-m"),),
        (("EndpointConfigName", "noria-m-1"),),
        (("ModelName", "noria-m-1"),),
        ("alarms", "noria/m"),
        ("alarms", "noria-monitoring/m"),
        ("alarms", "noria-stop/m"),
        ("dashboards", "noria"),
        ("dashboards", "noria-m"),
    ]
    assert "removed  endpoint noria-m\n" in text
    assert "left     bucket noria-lakebucket-1a2b (data: docs/deploying.md says how to delete it)" in text


def test_a_stack_that_is_there_is_left_alone(account, stack, noria):
    stacks = [{"StackName": "mine", "Outputs": [{"OutputKey": "Prefix", "OutputValue": "noria"}]}]
    stack.__dict__["cloudformation"] = SimpleNamespace(get_paginator=lambda _: Pages(Stacks=stacks))
    assert "the stack mine has the prefix noria and is there" in str(noria("leftovers", "noria", "--remove").exception)
    assert account == []
