"""Which of two versions answers a user: always the same one, chosen by a hash of who asks.

A client passes it to `InvokeEndpoint` as `TargetVariant`. Keys are spread as SageMaker spreads requests by weight, and a
challenger whose share grows keeps the keys that it has.
"""

from collections.abc import Mapping
from hashlib import sha256


def variant_for(key: str, weights: Mapping[str, float]) -> str:
    """The variant that answers a key.

    Args:
        weights: of each production variant, in the order of the endpoint's description.

    Raises:
        ValueError: there is no variant with any weight.
    """
    total = sum(weights.values())
    if total <= 0:
        raise ValueError(f"no variant has any weight: {dict(weights)}")
    drawn = int.from_bytes(sha256(key.encode()).digest()[:8]) / 2**64 * total
    for name, weight in weights.items():
        if drawn < weight:
            return name
        drawn -= weight
    return next(reversed([name for name, weight in weights.items() if weight > 0]))
