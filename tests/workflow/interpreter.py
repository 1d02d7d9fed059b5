"""The local Step Functions interpreter as a process of its own, asking for every service's answer over standard output.

Runs in the emulator's environment. Each line of standard input is a machine to make, an execution to start or the answer to
a call; each line of standard output is a call that a task makes, or how an execution ended. No task reaches a service, and
neither a retry nor a Wait takes time.
"""

import itertools
import json
import os
import queue
import sys
import threading
from types import SimpleNamespace
from typing import Any

# Before anything of the interpreter, which binds at import what this replaces.
from local.states import assembly, provider

# isort: split
from localstack.aws.api.stepfunctions import ExecutionStatus, HistoryEventType, TaskFailedEventDetails
from localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name import CustomErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import StatesErrorName
from localstack.services.stepfunctions.asl.component.common.retry import retrier_decl
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import state_task_service
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_dynamodb import StateTaskServiceDynamoDB
from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function import WaitFunction
from localstack.services.stepfunctions.asl.eval.environment import Environment
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.backend.execution import Execution

Json = dict[str, Any]
ROLE = "arn:aws:iam::000000000000:role/machine"

_out = os.fdopen(os.dup(1), "w")
_out_lock = threading.Lock()
_calls = itertools.count()
_waiting: dict[int, queue.SimpleQueue[Json]] = {}
_waits: dict[str, list[float]] = {}
_task = threading.local()
_machines: dict[str, str] = {}


def main() -> None:
    os.dup2(2, 1)
    _replace()
    for line in sys.stdin:
        message = json.loads(line)
        if "definition" in message:
            _machines[message["machine"]] = _asked("CreateStateMachine", name=message["machine"], definition=message["definition"], roleArn=ROLE)[
                "stateMachineArn"
            ]
        elif "input" in message:
            _asked("StartExecution", stateMachineArn=_machines[message["machine"]], name=message["name"], input=json.dumps(message["input"]))
        else:
            _waiting.pop(message["call"]).put(message)


def _asked(action: str, **request: Any) -> Json:
    status, _, body = provider.call(action, request)
    if status >= 400:
        raise SystemExit(body.decode())
    answer: Json = json.loads(body)
    return answer


def _say(message: Json) -> None:
    with _out_lock:
        _out.write(json.dumps(message, default=str) + "\n")
        _out.flush()


def _replace() -> None:
    """Answer tasks over the pipe, skip every wait, tell of the end."""
    assembly.install()
    before = state_task_service.StateTaskService._before_eval_execution

    def remember(task: Any, env: Any, resource_runtime_part: Any, raw_parameters: Any, state_credentials: Any) -> None:
        before(task, env, resource_runtime_part, raw_parameters, state_credentials)
        _task.resource, _task.request = task.resource.resource_arn, raw_parameters

    state_task_service.StateTaskService._before_eval_execution = remember
    state_task_service.eval_local_mocked_response = _answer
    Environment.is_local_mocked_mode = lambda env: True
    Environment.get_current_local_mocked_response = lambda env: None
    # This integration alone would take an answered failure, and a failed expression, for an error of its client.
    StateTaskServiceDynamoDB._from_error = state_task_service.StateTaskService._from_error
    retrier_decl.time = SimpleNamespace(sleep=lambda seconds: None)
    WaitFunction._wait_interval = lambda wait, env, wait_seconds: _waits.setdefault(_execution(env), []).append(wait_seconds)
    Execution.publish_execution_status_change_event = _told


def _execution(env: Any) -> str:
    return str(env.states.context_object.context_object_data["Execution"]["Name"])


def _answer(env: Any, mocked_response: None) -> None:
    """What the other side says a task's call returns or fails with."""
    number, answered = next(_calls), queue.SimpleQueue[Json]()
    _waiting[number] = answered
    state = env.states.context_object.context_object_data["State"]["Name"]
    _say({"call": number, "execution": _execution(env), "state": state, "resource": _task.resource, "request": _task.request})
    answer = answered.get()
    if "error" not in answer:
        env.stack.append(answer["result"])
        return
    error = answer["error"]
    raise FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName.from_name(error) if error.startswith("States.") else CustomErrorName(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=TaskFailedEventDetails(error=error, cause=answer["cause"])),
        )
    )


def _told(execution: Execution) -> None:
    if execution.exec_status == ExecutionStatus.RUNNING:
        return
    history = execution.to_history_output()["events"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    _say(
        {
            "ended": execution.name,
            "status": str(execution.exec_status),
            "output": execution.output,
            "error": execution.error,
            "cause": execution.cause,
            "states": entered,
            "waits": _waits.pop(execution.name, []),
        }
    )


if __name__ == "__main__":
    main()
    # The threads of thousands of executions are not waited for.
    os._exit(0)
