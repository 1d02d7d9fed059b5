"""Writes `docs/events.md`: every event of Noria, from its class."""

import inspect

from noria.kernel.events import Event
from scripts import shapes

HEADER = """# Events

Generated from the code (`make docs`). Every event is published to the bus of the stack as `detail: {metadata, data}`; `source` is
`noria.<context>`, `detail-type` the event's name. A repeated event has the same `metadata.id`; `correlation_id` names the upload or
request that began it all, `causation_id` the event just before. Consumers ignore fields that they do not know; a version only grows.
`events/schemas/` has the JSON Schemas, `events/<context>/` a sample of each.
"""


def text() -> str:
    """The page."""
    sections = [HEADER]
    for context in dict.fromkeys(kind.event_context() for kind in shapes.event_classes()):
        sections.append(f"## noria.{context}\n")
        sections += [_section(kind) for kind in shapes.event_classes() if kind.event_context() == context]
    return "\n".join(sections)


def _section(kind: type[Event]) -> str:
    types = {name: str(hint) for base in reversed(kind.__mro__[:-1]) for name, hint in getattr(base, "__annotations__", {}).items()}
    rows = [f"| `{name}` | `{types[name].replace('|', chr(92) + '|')}` |" for name in kind._fields]
    return "\n".join([f"### {kind.__name__} v{kind.version}", "", inspect.getdoc(kind) or "", "", "| field of `data` | type |", "|---|---|", *rows, ""])
