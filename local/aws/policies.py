"""IAM's wildcards, which match every character: the emulator's stop at a line feed, and a key of S3 may have one."""

import re
from functools import lru_cache

from ministack.core import iam_evaluator

WILDCARDS = {"*": ".*", "?": "."}


@lru_cache(maxsize=4096)
def compile_wildcards(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """A pattern of a policy as a regular expression."""
    text = "".join(WILDCARDS.get(mark) or re.escape(mark) for mark in pattern)
    return re.compile(rf"{text}\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def install() -> None:
    """Match wildcards so from here on."""
    iam_evaluator._fnmatch_compile = compile_wildcards
