"""Counts in the words of a sentence."""

from __future__ import annotations


def count(number: float, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 block`, `2,400 blocks`, `0.5 days`.

    Args:
        plural: of a noun that takes more than an s.
    """
    return f"{number:,.15g} {noun if number == 1 else plural or f'{noun}s'}"
