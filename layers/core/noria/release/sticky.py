"""Sticky assignment: a user always gets the same variant, chosen by a hash of the user's key.

A client passes the variant to `InvokeEndpoint` as `TargetVariant`. Keys are spread as SageMaker spreads requests by weight, and a
challenger whose share grows keeps its keys.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def variant_for(key: str, weights: Mapping[str, float]) -> str:
    """The variant of a key.

    Args:
        weights: of each production variant, in the order of the endpoint's description.

    Raises:
        ValueError: there is no variant with any weight.
    """
    total = sum(weights.values())
    if total <= 0:
        raise ValueError(f"no variant has any weight: {dict(weights)}")
    point = int.from_bytes(sha256(key.encode()).digest()[:8]) / 2**64 * total
    for name, weight in weights.items():
        if point < weight:
            return name
        point -= weight
    return next(reversed([name for name, weight in weights.items() if weight > 0]))
