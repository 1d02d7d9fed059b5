"""How fast waiting goes by: `noria up --speed N` divides bake times, metric periods and the waits of machines by N.

Work takes the time that it takes; only what a person would wait for is shortened, and every wait by the same factor.
"""

import os


def speed() -> float:
    """The factor; 1 unless the local AWS was started with another one."""
    return float(os.environ.get("NORIA_SPEED", "1"))


def scaled(seconds: float) -> float:
    """How long a wait of so many seconds takes here."""
    return seconds / speed()


def period(seconds: float) -> int:
    """The length of a metric's period here: whole seconds, at least one."""
    return max(1, round(scaled(seconds)))
