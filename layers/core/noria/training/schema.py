"""The schema of a model: what two versions must share to be compared on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.data.contract import DataContract
from noria.kernel.identity import digest

if TYPE_CHECKING:
    from noria.kernel.published_spec import PublishedSpec


def features(spec: PublishedSpec) -> list[str]:
    """The columns that an endpoint is sent, in order."""
    return list(DataContract.of(spec["data"]).features(spec["target"]))


def schema_digest(spec: PublishedSpec) -> str:
    """The digest of the columns that an endpoint is sent, the target and the task."""
    return digest(features(spec), spec["target"], spec["task"])
