"""Amazon States Language as AWS reads it: literal text, times, and the check of expressions at creation."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import jsonata
from localstack.aws.api.stepfunctions import InvalidDefinition
from localstack.services.stepfunctions.asl.component.common.assign import assign_template_value_terminal
from localstack.services.stepfunctions.asl.component.common.path import result_path
from localstack.services.stepfunctions.asl.component.state import state
from localstack.services.stepfunctions.asl.parse import preprocessor
from localstack.services.stepfunctions.asl.parse.asl_parser import AmazonStateLanguageParser
from localstack.services.stepfunctions.asl.utils import json_path
from localstack.services.stepfunctions.provider import StepFunctionsProvider

#: Definitions and JSON paths that are held parsed.
MOST_DEFINITIONS, MOST_PATHS = 256, 4096


def install() -> None:
    """Decode literals as JSON, format times as AWS does, refuse expressions that do not parse."""
    literal = assign_template_value_terminal.AssignTemplateValueTerminalLit
    literal.__init__ = _with_decoding(literal.__init__)
    preprocessor.from_string_literal = lambda parser_rule_context: decode(parser_rule_context.getText())
    state_data = state.StateData
    state.StateData = lambda **fields: state_data(**{**fields, "EnteredTime": format_time(fields["EnteredTime"])})
    StepFunctionsProvider._validate_definition = staticmethod(_with_expression_check(StepFunctionsProvider._validate_definition))
    _parse_once()


def _parse_once() -> None:
    """Parse a definition and a path once: a parsed program holds nothing of an execution, and parsing takes most of a state's time."""
    AmazonStateLanguageParser.parse = staticmethod(lru_cache(MOST_DEFINITIONS)(AmazonStateLanguageParser.parse))
    for module in (result_path, json_path):
        module.parse = lru_cache(MOST_PATHS)(module.parse)


def decode(literal: str) -> str:
    """The text of a literal of the definition, with or without its quotes."""
    source = literal if literal.startswith('"') and literal.endswith('"') and len(literal) > 1 else f'"{literal}"'
    return str(json.loads(source, strict=False))


def format_time(isoformat: str) -> str:
    """A time in AWS's format: milliseconds, UTC, with a Z."""
    return datetime.fromisoformat(isoformat).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def expressions(definition: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every JSONata expression of a definition, with its path."""
    if isinstance(definition, dict):
        for key, value in definition.items():
            yield from expressions(value, f"{path}/{key}")
    elif isinstance(definition, list):
        for number, value in enumerate(definition):
            yield from expressions(value, f"{path}[{number}]")
    elif isinstance(definition, str) and definition.startswith("{%") and definition.endswith("%}"):
        yield path, definition[2:-2]


def _with_decoding(init: Callable[..., None]) -> Callable[..., None]:
    def init_decoded(terminal: Any, value: Any) -> None:
        init(terminal, decode(f'"{value}"') if isinstance(value, str) else value)

    return init_decoded


def _with_expression_check(validate: Callable[..., None]) -> Callable[..., None]:
    def validate_definition(definition: str, static_analysers: list[Any]) -> None:
        validate(definition=definition, static_analysers=static_analysers)
        for path, source in expressions(json.loads(definition)):
            try:
                jsonata.Jsonata(source)
            except jsonata.jexception.JException as error:
                raise InvalidDefinition(f"Invalid State Machine Definition: 'INVALID_JSONATA_EXPRESSION: {error} at {path}'") from error

    return validate_definition
