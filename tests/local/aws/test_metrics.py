"""CloudWatch: counts in a range, and alarms that look at their own dimensions, missing data included."""

import json

import pytest

from tests.local.aws.waiting import until

PERIOD = {"Period": 60, "EvaluationPeriods": 1}


@pytest.fixture
def cloudwatch(client):
    return client("cloudwatch")


@pytest.fixture
def alarm(cloudwatch, name):
    """Makes an alarm on the metric `m` of one dimension, above 1; deletes it at the end."""

    def create_alarm(value: str, **more) -> str:
        dimensions = [{"Name": "of", "Value": value}]
        cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace=name, MetricName="m", Dimensions=dimensions, Statistic="Sum", Threshold=1,
            ComparisonOperator="GreaterThanThreshold", **{**PERIOD, **more},
        )  # fmt: skip
        return name

    yield create_alarm
    cloudwatch.delete_alarms(AlarmNames=[name])


def state(cloudwatch, name: str) -> str:
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]


def put(cloudwatch, name: str, of: str, value: float) -> None:
    cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", "Value": value, "Dimensions": [{"Name": "of", "Value": of}]}])


def test_an_alarm_sees_its_own_dimensions_alone(cloudwatch, alarm, name):
    alarm("mine", TreatMissingData="notBreaching")
    put(cloudwatch, name, "others", 100)
    assert until(lambda: state(cloudwatch, name) == "OK")
    put(cloudwatch, name, "mine", 100)
    assert until(lambda: state(cloudwatch, name) == "ALARM")


@pytest.mark.parametrize(
    ("missing", "expected"), [("notBreaching", "OK"), ("breaching", "ALARM"), ("missing", "INSUFFICIENT_DATA"), ("ignore", "INSUFFICIENT_DATA")]
)
def test_missing_data_count_as_the_alarm_says(cloudwatch, alarm, name, missing, expected):
    alarm("nobody", TreatMissingData=missing)
    assert until(lambda: state(cloudwatch, name) == expected)


def test_a_state_change_is_told_on_the_bus_with_metric_and_reason(client, cloudwatch, alarm, name):
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], "detail": {"alarmName": [name], "state": {"value": ["ALARM"]}}}
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=name, Targets=[{"Id": "q", "Arn": arn}])
    alarm("mine", TreatMissingData="notBreaching")
    put(cloudwatch, name, "mine", 5)
    (message,) = until(lambda: client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    detail = json.loads(message["Body"])["detail"]
    assert "Threshold Crossed" in detail["state"]["reason"]
    assert detail["configuration"]["metrics"][0]["metricStat"]["metric"] == {"namespace": name, "name": "m", "dimensions": {"of": "mine"}}
    client("events").remove_targets(Rule=name, Ids=["q"])
    client("events").delete_rule(Name=name)


def test_several_periods_must_breach_where_the_alarm_asks_for_several(cloudwatch, alarm, name):
    alarm("mine", EvaluationPeriods=10, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    put(cloudwatch, name, "mine", 5)
    assert until(lambda: state(cloudwatch, name) == "OK")
