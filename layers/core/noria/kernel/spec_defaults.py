"""Fills in defaults for fields that were added after a spec was published: published specs are read for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from noria.kernel.values import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noria.kernel.json import Json
    from noria.kernel.published_spec import PublishedSpec

#: The default of each later field, by the path of its block.
FIELD_DEFAULTS: dict[tuple[str, ...], Json] = {
    ("data",): {
        "csv": {},
        "sheet": None,
        "time_format": None,
        "ordered": False,
        "fresh": None,
        "missing": list(EMPTY),
        "rules": [],
        "extra_columns": "keep",
        "max_rows": None,
    },
}


def with_defaults(spec: PublishedSpec, fields: Mapping[tuple[str, ...], Json] = FIELD_DEFAULTS) -> PublishedSpec:
    """A document with every field of the present version; the given one is left as it is."""
    document: dict[str, Any] = {name: dict(block) if isinstance(block, dict) else block for name, block in spec.items()}
    for path, defaults in fields.items():
        block = document
        for name in path:
            block[name] = dict(block.get(name, {}))
            block = block[name]
        for name, default in defaults.items():
            block.setdefault(name, default)
    return cast("PublishedSpec", document)
