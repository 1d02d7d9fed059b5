"""What texts look like where no contract says what they are: numbers, times, or words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from noria.kernel.values import NUMBER
from noria.tables import parse

if TYPE_CHECKING:
    from noria.tables.parse import Floats, Mask

#: A code like 02139, which is no number: as one it would lose its zeros.
CODE = r"^[+-]?0\d"


@dataclass(frozen=True)
class Looks:
    """Of different texts.

    Attributes:
        numbers: the number that each is, or not a number.
        nans: which are the word `nan`.
        times: the time that each is in seconds since the epoch, or not a number; nothing where none is.
    """

    numbers: Floats
    nans: Mask
    times: Floats | None


def looks_of(words: pa.Array) -> Looks:
    """The looks of different texts; a column in which one has a leading zero holds codes, and no numbers."""
    words = pc.utf8_trim_whitespace(words)
    nans = pc.equal(pc.utf8_lower(words), "nan").to_numpy(zero_copy_only=False)
    plain = pc.match_substring_regex(words, f"^{NUMBER.pattern}$")
    if pc.any(pc.match_substring_regex(words, CODE)).as_py():
        numbers = np.full(len(words), np.nan)
    else:
        numbers = parse.floats(pc.cast(pc.if_else(plain, words, "nan"), pa.float64()))
    if not pc.any(pc.match_substring_regex(words, r"^\d{4}-\d\d-\d\d")).as_py():
        return Looks(numbers, nans, None)
    times = parse.seconds(parse.times(words, "iso8601", parse.ALL_TIMES).values)
    return Looks(numbers, nans, times if np.isfinite(times).any() else None)
