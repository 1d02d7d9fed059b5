"""Reads a policy of automatic retraining from the command line: the spec's `heal` block with some fields changed."""

import re
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from cli.base.errors import CliError
from cli.project.spec_errors import sentence
from cli.project.yaml_lines import Loader
from noria.spec import ModelSpec
from noria.spec.monitoring import HealSpec

if TYPE_CHECKING:
    from noria.healing.policy import Policy

#: A field's name in a policy.
FIELD = re.compile(r"\b([a-z_]+) *=")


def policy_of(spec: ModelSpec, text: str) -> "Policy":
    """A policy.

    Args:
        text: `name=value,…`, a value as in YAML, `on` with + between causes; nothing is the spec's own policy.

    Raises:
        CliError: a field or a value is none; says what is expected.
    """
    from noria.healing.policy import Policy

    block = spec.heal.model_dump(mode="json")
    expected = f"expected name=value,… with fields of heal ({', '.join(block)}), such as cooldown_days=3,budget={{a_month: 20, per_hour: 0.23}}"
    try:
        changed = yaml.load("{" + FIELD.sub(r"\1: ", text) + "}", Loader=Loader)  # noqa: S506 - a SafeLoader with fewer booleans
    except yaml.YAMLError as error:
        raise CliError(f"--policy: found {text!r}, {expected}") from error
    if unknown := [name for name, value in changed.items() if name not in block or (value is None and f"{name}=" not in text)]:
        raise CliError(f"--policy: found {unknown[0]!r}, {expected}")
    if "on" in changed:
        changed["on"] = [word for word in str(changed["on"] or "").split("+") if word]
    try:
        heal: Any = HealSpec.model_validate({**block, **changed}).model_dump(mode="json")
    except ValidationError as error:
        raise CliError(f"--policy {text}: {sentence(error.errors()[0], HealSpec)}") from error
    return Policy.of(heal)
