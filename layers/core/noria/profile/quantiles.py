"""Adds numbers with their counts to a KLL sketch, at a fraction of the cost of adding them one by one, and more exactly."""

from typing import Any

import datasketches
import numpy as np

from noria.profile.moments import Counts, Numbers

#: At least so many numbers, evenly spaced in their order, represent many: a rank is wrong by half a step at most.
LEAST_STEPS = 1_024


def take(sketch: Any, values: Numbers, counts: Counts) -> None:
    """Add numbers with their counts to a sketch of single-precision floats.

    Of many, one number out of each step of 2^n in their order goes into a sketch of its own, which has room for all of them.
    Merged with itself n times it has their weight (two equal numbers become one of twice the weight, which moves no rank by
    more than a step), and is merged into the given one.
    """
    rows = int(counts.sum())
    doublings = max(0, (rows // LEAST_STEPS).bit_length() - 1)
    if not doublings:
        sketch.update(np.repeat(values.astype(np.float32), counts))
        return
    if np.any(values[1:] < values[:-1]):
        order = np.argsort(values)
        values, counts = values[order], counts[order]
    values, until = values.astype(np.float32), np.cumsum(counts)
    step = 1 << doublings
    middles = np.arange(step // 2, rows - rows % step, step)
    steps = datasketches.kll_floats_sketch(4 * LEAST_STEPS)
    steps.update(values[np.searchsorted(until, middles, side="right")])
    for _ in range(doublings):
        steps.merge(datasketches.kll_floats_sketch.deserialize(steps.serialize()))
    sketch.merge(steps)
    # The rest, fewer than a step, is spread over all of them.
    left = rows % step
    spread = (np.arange(left) * 2 + 1) * rows // (2 * left or 1)
    sketch.update(values[np.searchsorted(until, spread, side="right")])
