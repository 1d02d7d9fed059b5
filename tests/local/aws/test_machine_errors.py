"""Retries, catches and time-outs of a state machine, as Amazon States Language defines them."""

import pytest

#: A task that fails at once with `DynamoDB.ResourceNotFoundException`.
ABSENT = """
Type: Task
Resource: arn:aws:states:::dynamodb:getItem
Arguments: {TableName: nothere, Key: {pk: {S: x}}}
""".strip().replace("\n", "\n    ")

#: How much longer than the interval a pause may take on a busy machine (seconds).
SLACK = 1.5


def pauses(machines, execution: str) -> list[float]:
    """Seconds between a failed attempt and the next one."""
    failed = [event["timestamp"] for event in machines.history(execution, "TaskFailed")]
    scheduled = [event["timestamp"] for event in machines.history(execution, "TaskScheduled")]
    return [(after - before).total_seconds() for before, after in zip(failed, scheduled[1:], strict=False)]


def test_a_task_is_tried_once_and_then_as_often_as_max_attempts_says(machines):
    ended = machines.run(f"""
StartAt: Read
States:
  Read:
    {ABSENT}
    Retry: [{{ErrorEquals: [DynamoDB.ResourceNotFoundException], IntervalSeconds: 1, MaxDelaySeconds: 2, MaxAttempts: 3, JitterStrategy: FULL}}]
    End: true
""")
    assert (ended.status, ended.error) == ("FAILED", "DynamoDB.ResourceNotFoundException")
    assert len(machines.history(ended.arn, "TaskFailed")) == 4


def test_pauses_grow_by_the_backoff_rate_up_to_the_longest_delay(machines):
    ended = machines.run(f"""
StartAt: Read
States:
  Read:
    {ABSENT}
    Retry: [{{ErrorEquals: [States.TaskFailed], IntervalSeconds: 1, BackoffRate: 2.5, MaxDelaySeconds: 2, MaxAttempts: 3}}]
    End: true
""")
    assert ended.status == "FAILED"
    for pause, interval in zip(pauses(machines, ended.arn), (1, 2, 2), strict=True):
        assert interval <= pause < interval + SLACK


def test_full_jitter_draws_a_pause_between_nothing_and_the_delay(machines):
    ended = machines.run(f"""
StartAt: Read
States:
  Read:
    {ABSENT}
    Retry: [{{ErrorEquals: [States.ALL], IntervalSeconds: 1, BackoffRate: 2, MaxDelaySeconds: 2, MaxAttempts: 4, JitterStrategy: FULL}}]
    End: true
""")
    drawn = pauses(machines, ended.arn)
    assert len(drawn) == 4
    assert all(pause < interval + SLACK for pause, interval in zip(drawn, (1, 2, 2, 2), strict=True))
    assert sum(drawn) < 6.8


def test_each_retrier_counts_its_own_attempts(machines):
    """GIVEN two retriers THEN the one that matches first is used, and MaxAttempts of 0 means never."""
    ended = machines.run(f"""
StartAt: Read
States:
  Read:
    {ABSENT}
    Retry:
      - {{ErrorEquals: [DynamoDB.ThrottlingException], IntervalSeconds: 1, MaxAttempts: 5}}
      - {{ErrorEquals: [DynamoDB.ResourceNotFoundException], IntervalSeconds: 1, MaxAttempts: 0}}
      - {{ErrorEquals: [States.ALL], IntervalSeconds: 1, MaxAttempts: 5}}
    End: true
""")
    assert len(machines.history(ended.arn, "TaskFailed")) == 1


@pytest.fixture(scope="module")
def raising(make_function) -> str:
    """A function that raises the error that its event names."""
    return make_function("""
        import time

        class TransientError(Exception): ...
        class BrokenRowsError(ValueError): ...

        calls = 0

        def handler(event, context):
            global calls
            calls += 1
            if event.get("heal_at") and calls >= event["heal_at"]:
                return {"calls": calls}
            if event.get("sleep"):
                time.sleep(event["sleep"])
            raise {"transient": TransientError, "broken": BrokenRowsError, "key": KeyError}[event["kind"]](event.get("text", "no"))
    """)


BY_CLASS = """
StartAt: Work
States:
  Work:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {FunctionName: FUNCTION, Payload: "{% $states.input %}"}
    Assign: {failure: null}
    Catch:
      - {ErrorEquals: [TransientError], Assign: {failure: "{% $states.errorOutput %}"}, Next: Transient}
      - {ErrorEquals: [BrokenRowsError, SomethingElseError], Assign: {failure: "{% $states.errorOutput %}"}, Next: Broken}
      - {ErrorEquals: [States.ALL], Assign: {failure: "{% $states.errorOutput %}"}, Next: Other}
    Next: Fine
  Fine: {Type: Succeed, Output: fine}
  Transient: {Type: Succeed, Output: {at: transient, failure: "{% $failure %}"}}
  Broken: {Type: Succeed, Output: {at: broken, failure: "{% $failure %}"}}
  Other: {Type: Succeed, Output: {at: other, failure: "{% $failure %}"}}
"""


@pytest.mark.parametrize(
    ("kind", "at", "error"), [("transient", "transient", "TransientError"), ("broken", "broken", "BrokenRowsError"), ("key", "other", "KeyError")]
)
def test_a_function_s_exception_is_caught_by_the_name_of_its_class(machines, raising, kind, at, error):
    ended = machines.run(BY_CLASS.replace("FUNCTION", raising), {"kind": kind, "text": "row 3 is 'bad'"})
    assert ended.output["at"] == at
    assert ended.output["failure"]["Error"] == error
    assert "row 3 is" in ended.output["failure"]["Cause"]


def test_the_cause_of_a_function_s_error_is_its_payload_as_json(machines, raising):
    ended = machines.run(
        """
StartAt: Work
States:
  Work:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {FunctionName: FUNCTION, Payload: {kind: broken, text: "a \\"quote\\""}}
    Catch: [{ErrorEquals: [BrokenRowsError], Output: "{% $parse($states.errorOutput.Cause) %}", Next: Caught}]
    End: true
  Caught: {Type: Succeed}
""".replace("FUNCTION", raising)
    )
    assert ended.output["errorType"] == "BrokenRowsError"
    assert ended.output["errorMessage"] == 'a "quote"'
    assert "/var/task/app.py" in ended.output["stackTrace"][0]


def test_a_retry_by_class_goes_on_until_the_function_answers(machines, make_function):
    counting = make_function("""
        class TransientError(Exception): ...
        calls = 0

        def handler(event, context):
            global calls
            calls += 1
            if calls < 3:
                raise TransientError("again")
            return {"calls": calls}
    """)
    ended = machines.run(
        """
StartAt: Work
States:
  Work:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {FunctionName: FUNCTION}
    Output: {calls: "{% $states.result.Payload.calls %}", retries: "{% $states.context.State.RetryCount %}"}
    Retry: [{ErrorEquals: [TransientError], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 4, JitterStrategy: FULL}]
    End: true
""".replace("FUNCTION", counting)
    )
    assert ended.output == {"calls": 3, "retries": 2}


def test_a_task_that_takes_too_long_fails_with_states_timeout(machines, make_function):
    sleeping = make_function("import time\ndef handler(event, context):\n    time.sleep(4)\n")
    ended = machines.run(
        """
StartAt: Work
States:
  Work:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {FunctionName: FUNCTION}
    TimeoutSeconds: 1
    Catch:
      - {ErrorEquals: [States.Timeout], Output: "{% $states.errorOutput.Error %}", Next: Caught}
    End: true
  Caught: {Type: Succeed}
""".replace("FUNCTION", sleeping)
    )
    assert ended.output == "States.Timeout"


def test_states_taskfailed_catches_every_error_but_a_timeout(machines, queue):
    ended = machines.run(
        """
StartAt: Ask
States:
  Ask:
    Type: Task
    Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
    Arguments: {QueueUrl: QUEUE, MessageBody: {token: "{% $states.context.Task.Token %}"}}
    TimeoutSeconds: 1
    Catch:
      - {ErrorEquals: [States.TaskFailed], Output: wrong, Next: Caught}
      - {ErrorEquals: [States.ALL], Output: "{% $states.errorOutput.Error %}", Next: Caught}
    End: true
  Caught: {Type: Succeed}
""".replace("QUEUE", queue.url)
    )
    assert ended.output == "States.Timeout"


def test_a_machine_that_takes_too_long_is_timed_out_and_catches_nothing(machines):
    ended = machines.run("""
StartAt: Both
TimeoutSeconds: 1
States:
  Both:
    Type: Parallel
    Branches: [{StartAt: Sleep, States: {Sleep: {Type: Wait, Seconds: 3000, End: true}}}]
    Catch: [{ErrorEquals: [States.ALL], Next: Caught}]
    End: true
  Caught: {Type: Succeed}
""")
    assert ended.status == "TIMED_OUT"


def test_a_fail_state_takes_error_and_cause_from_expressions(machines):
    ended = machines.run("""
StartAt: Keep
States:
  Keep: {Type: Pass, Assign: {failure: {Error: BrokenError, Cause: 'said "no"'}}, Next: Failed}
  Failed: {Type: Fail, Error: "{% $failure.Error %}", Cause: "{% $failure.Cause %}"}
""")
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "BrokenError", 'said "no"')


@pytest.mark.parametrize("expression", ["$states.input.nothing", "$number('x')", "1 + 'a'", "$parse('{')", "$toMillis('yesterday')"])
def test_an_expression_that_yields_nothing_or_raises_is_a_query_evaluation_error(machines, expression):
    ended = machines.run(f"""
StartAt: Look
States:
  Look: {{Type: Pass, Output: "{{% {expression} %}}", End: true}}
""")
    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError")
    assert expression in ended.cause


@pytest.mark.parametrize("names", ["States.QueryEvaluationError", "States.ALL"])
@pytest.mark.parametrize("field", ["Arguments: {TableName: nothere, Key: {pk: {S: BAD}}}", "Arguments: BAD", "Assign: {field: BAD}"])
def test_an_expression_of_a_task_that_raises_is_caught(machines, tables, names, field):
    given = field if field.startswith("Arguments") else f"Arguments: {{TableName: {tables[0]}, Key: {{pk: {{S: x}}}}}}\n    {field}"
    ended = machines.run(
        """
StartAt: Read
States:
  Read:
    Type: Task
    Resource: arn:aws:states:::dynamodb:getItem
    GIVEN
    Catch: [{ErrorEquals: [NAMES], Assign: {failure: "{% $states.errorOutput.Error %}"}, Next: Caught}]
    End: true
  Caught: {Type: Succeed, Output: "{% $failure %}"}
""".replace("GIVEN", given.replace("BAD", "\"{% $parse('no json') %}\"")).replace("NAMES", names)
    )
    assert ended.output == "States.QueryEvaluationError", ended
