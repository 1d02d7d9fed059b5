"""Evaluates JSONata as Step Functions does, with `$states` and the state machine's variables bound as values.

The provider splices variables into the source text of an expression, where a quote in data breaks the expression and hostile data
runs as code. This evaluates an expression as its author wrote it.
"""

import threading
from collections.abc import Callable
from typing import Any

import jsonata
import jsonata.utils
from localstack.aws.api.stepfunctions import EvaluationFailedEventDetails, HistoryEventType
from localstack.services.stepfunctions.asl.component.common import outputdecl
from localstack.services.stepfunctions.asl.component.common.assign import assign_decl
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import StatesErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from localstack.services.stepfunctions.asl.component.common.string import string_expression
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.jsonata import jsonata as provider_jsonata
from ministack.services import stepfunctions

#: JSONata computes with doubles, in which greater whole numbers are not exact.
EXACT = 2**53

_scope = threading.local()


def install() -> None:
    """Replace the provider's evaluation of JSONata."""
    provider_jsonata._eval_jsonata = _evaluate
    string_expression.compose_jsonata_expression = _unchanged
    for component in (string_expression.StringJSONata, string_expression.StringVariableSample):
        component._eval_body = _with_environment(component._eval_body)
    assign_decl.AssignDecl._eval_body = _keep_variables(assign_decl.AssignDecl._eval_body)
    outputdecl.Output._eval_body = _before_assign(outputdecl.Output._eval_body)


def _unchanged(final_jsonata_expression: str, variable_declarations_list: Any) -> str:
    return final_jsonata_expression


def _with_environment(body: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Set the environment of the expression that this thread evaluates."""

    def eval_body(component: Any, env: Any) -> None:
        _scope.env = env
        try:
            body(component, env)
        except provider_jsonata.JSONataException as error:
            raise _query_evaluation_error(env, component.expression, error) from error

    return eval_body


def _query_evaluation_error(env: Any, expression: str, error: Any) -> FailureEventException:
    """`States.QueryEvaluationError`, which a state can catch and retry."""
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    cause = f"The JSONata expression '{expression}' threw an error during evaluation. {error.args[-1]}"
    details = EventDetails(evaluationFailedEventDetails=EvaluationFailedEventDetails(cause=cause, error=name.error_name))
    env.event_manager.add_event(context=env.event_history_context, event_type=HistoryEventType.EvaluationFailed, event_details=details)
    return FailureEventException(FailureEvent(env=env, error_name=name, event_type=HistoryEventType.EvaluationFailed, event_details=details))


def _keep_variables(assign: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Keep the state and its variables from before its Assign."""

    def eval_assign(declaration: Any, env: Any) -> None:
        before = _variables(env)
        assign(declaration, env)
        env.before_assign = (_state(env), before)

    return eval_assign


def _before_assign(output: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Evaluate a state's Output with the variables from before its Assign, as AWS does."""

    def eval_output(declaration: Any, env: Any) -> None:
        state, before = getattr(env, "before_assign", (None, None))
        _scope.before = before if state is _state(env) else None
        try:
            output(declaration, env)
        finally:
            _scope.before = None

    return eval_output


def _state(env: Any) -> Any:
    """The context object's data of the running state; a new object each time that a state is entered."""
    return env.states.context_object.context_object_data["State"]


def _variables(env: Any) -> dict[str, Any]:
    return {**env.variable_store._outer_scope, **env.variable_store._inner_scope}


def _evaluate(source: str) -> Any:
    env = _scope.env
    try:
        expression = jsonata.Jsonata(source)
        stepfunctions._register_sfn_jsonata_functions(expression)
        expression.register_lambda("eval", _no_eval)
        frame = expression.create_frame()
        frame.bind("states", with_nulls(env.states._states_data))
        before = getattr(_scope, "before", None)
        for name, value in (_variables(env) if before is None else before).items():
            frame.bind(name, with_nulls(value))
        return plain(expression.evaluate(None, frame))
    except (jsonata.jexception.JException, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise provider_jsonata.JSONataException("UNKNOWN", str(error)) from error


def _no_eval(*_: Any) -> None:
    raise ValueError("T1006: Attempted to invoke a non-function: $eval is no function of Step Functions")


def plain(value: Any) -> Any:
    """A result as JSON, with whole floats as integers."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value


def with_nulls(value: Any) -> Any:
    """Replace None by JSONata's null; it reads Python's None as undefined."""
    if isinstance(value, dict):
        return {key: with_nulls(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_nulls(item) for item in value]
    return jsonata.utils.Utils.NULL_VALUE if value is None else value
