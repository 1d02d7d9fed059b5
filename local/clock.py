"""The speed of the local AWS: `noria up --speed N` divides bake times, metric periods and the waits of state machines by N.

Work takes as long as it takes; only waits are shorter, all by the same factor.
"""

import os


def speed() -> float:
    """The divisor; 1 unless `noria up --speed` set another one."""
    return float(os.environ.get("NORIA_SPEED", "1"))


def scaled(seconds: float) -> float:
    """The length of a wait here (seconds)."""
    return seconds / speed()


def period(seconds: float) -> int:
    """The length of a metric's period here (whole seconds, at least one)."""
    return max(1, round(scaled(seconds)))
