"""The handler of every function: what it logs, what it counts, and that errors keep their class."""

import json
from types import SimpleNamespace

import pytest

from noria.kernel import handler
from noria.kernel.errors import ContractError

CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r")
EVENT = {"model": "m", "run": "r1", "dataset": "d", "release": "x", "correlation_id": "c", "secret": "s"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, request):
    # A logger writes for ever to the stream that there was when its service was first named.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", request.node.name)
    for output in (handler.logger, handler.metrics):
        output.cache_clear()
    yield
    for output in (handler.logger, handler.metrics):
        output.cache_clear()


def handled(capsys, use_case, event=EVENT):
    """The answer, the log line and the metric of one call."""
    answer = handler.lambda_handler_for(use_case)(event, CONTEXT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return answer, next(line for line in lines if "level" in line), next(line for line in lines if "_aws" in line)


def judge(event):
    return {"outcome": "accepted", "verdict": {"reasons": [{"code": "Fine"}]}}


def test_a_call_is_answered_by_its_use_case_logged_with_its_keys_and_counted_by_its_outcome(capsys):
    answer, log, metric = handled(capsys, judge)
    assert answer == judge(EVENT)
    assert {name: log[name] for name in ("model", "run", "dataset", "release", "correlation_id")} == {
        name: value for name, value in EVENT.items() if name != "secret"
    }
    assert (log["message"], log["reasons"], "secret" in log) == ("judge: accepted", [{"code": "Fine"}], False)
    (declared,) = metric["_aws"]["CloudWatchMetrics"]
    assert (declared["Namespace"], declared["Metrics"][0]["Name"], declared["Metrics"][0]["Unit"]) == ("Noria", "Accepted", "Count")
    assert (metric["decision"], metric["Accepted"]) == ("judge", [1.0])


def test_an_answer_without_an_outcome_is_done(capsys):
    _, log, metric = handled(capsys, lambda event: {}, {})
    assert (log["message"].endswith(": done"), metric["Done"], "model" in log) == (True, [1.0], False)


def test_what_a_use_case_raises_is_raised_by_its_handler():
    def refuse(event):
        raise ContractError("no")

    with pytest.raises(ContractError, match="no"):
        handler.lambda_handler_for(refuse)(EVENT, CONTEXT)


def test_each_call_is_counted_by_itself(capsys):
    for _ in range(2):
        _, _, metric = handled(capsys, judge)
        assert metric["Accepted"] == [1.0]
