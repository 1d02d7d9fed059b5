"""Shapes of a stored profile."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from noria.profile.values import Value

#: `noria.profile.moments.Moments`: count, mean, squared deviations, least and most.
MomentsDocument = tuple[int, float, float, float, float]


class ColumnDocument(TypedDict):
    """`noria.profile.column.ColumnProfile` as JSON; sketches are in base 85.

    It has either `counts`, or `hll` and `frequent`.
    """

    rows: int
    nulls: int
    nans: int
    infinities: int
    kinds: dict[str, int]
    numbers: NotRequired[MomentsDocument]
    lengths: NotRequired[MomentsDocument]
    kll: NotRequired[str]
    counts: NotRequired[list[tuple[Value, int]]]
    hll: NotRequired[str]
    frequent: NotRequired[list[tuple[str, int, int]]]


class ProfileDocument(TypedDict):
    """`noria.profile.dataset.Profile` as JSON: `order` has the first and the last time, and whether they ascend."""

    version: int
    rows: int
    columns: dict[str, ColumnDocument]
    order: tuple[float | None, float | None, bool]
    keys: NotRequired[str]
    typed: NotRequired[bool]
