"""The `preprocess` block of a spec: what it declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from noria.kernel.published_spec import PreprocessShape


def is_declared(block: PreprocessShape) -> bool:
    """Whether a spec declares steps to fit, so that a container in front of the model applies them."""
    return bool(block["columns"] or block["lags"])


def lag_name(name: str | None, of: str, back: str) -> str:
    """The name of a lag's column."""
    return name or f"{of}_{back}_ago"
