"""HyperLogLog sketches of many numbers at once, as Apache DataSketches would make of them one by one.

Hash: MurmurHash3 x64 128 (Appleby, 2011) with DataSketches' seed; layout: its HLL_8 in dense form, which later versions and other
languages read. Each number goes to the register of its hash's low bits, which holds the largest count of leading zeros seen, plus one.
"""

from __future__ import annotations

import struct
from typing import Any

import datasketches
import numpy as np

from noria.profile.moments import Numbers

SEED = np.uint64(9001)
C1, C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
F1, F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
#: Fields of the layout: size of the preamble in words of four bytes, version, family, and flags: merged in no order.
PREAMBLE, VERSION, FAMILY, OUT_OF_ORDER = 10, 1, 7, 16
#: Dense form, eight bits a register.
MODE = 2 | 2 << 2
MOST_ZEROS = 62


def sketch_of(values: Numbers, lg_k: int) -> Any:
    """The sketch of numbers in double precision.

    Args:
        lg_k: of the number of registers.
    """
    with np.errstate(over="ignore"):
        low, high = _murmur(np.ascontiguousarray(values + 0.0, np.float64).view(np.uint64))
    zeros = np.minimum(_leading_zeros(high), MOST_ZEROS)
    registers = np.zeros(1 << lg_k, np.uint8)
    np.maximum.at(registers, (low & np.uint64((1 << lg_k) - 1)).astype(np.int64), (zeros + 1).astype(np.uint8))
    return _of_registers(registers, lg_k)


def _leading_zeros(bits: Any) -> Any:
    """Of 64 bits: by the exponent of the upper 53, which a number in double precision holds exactly."""
    _, length = np.frexp((bits >> np.uint64(11)).astype(np.float64))
    zeros = 53 - length.astype(np.int64)
    if (rest := zeros == 53).any():
        _, length = np.frexp((bits[rest] & np.uint64(0x7FF)).astype(np.float64))
        zeros[rest] = 64 - length
    return zeros


def _murmur(bits: Any) -> tuple[Any, Any]:
    """The hash of eight bytes each."""
    first = bits * C1
    first = ((first << np.uint64(31)) | (first >> np.uint64(33))) * C2
    low, high = (SEED ^ first) ^ np.uint64(8), np.full(len(bits), SEED ^ np.uint64(8))
    low = low + high
    high = high + low
    low, high = _finished(low), _finished(high)
    low = low + high
    return low, high + low


def _finished(bits: Any) -> Any:
    bits = (bits ^ (bits >> np.uint64(33))) * F1
    bits = (bits ^ (bits >> np.uint64(33))) * F2
    return bits ^ (bits >> np.uint64(33))


def _of_registers(registers: Any, lg_k: int) -> Any:
    """A sketch with these registers."""
    powers = np.ldexp(1.0, -registers.astype(np.int64))
    small = registers < 32
    header = struct.pack("<8B", PREAMBLE, VERSION, FAMILY, lg_k, 0, OUT_OF_ORDER, 0, MODE)
    sums = struct.pack("<3dii", 0.0, float(powers[small].sum()), float(powers[~small].sum()), int((registers == 0).sum()), 0)
    return datasketches.hll_sketch.deserialize(header + sums + registers.tobytes())
