"""Identifiers that say nothing of what they hold: participles where a noun belongs.

usage: python -m scripts.words
"""

import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = frozenset({"told", "found", "made", "said", "asked", "wanted", "kept"})
FOLDERS = ("layers", "functions", "cli", "local", "scripts", "tests", "bench", "models")


def forbidden() -> Iterator[tuple[Path, int, str]]:
    """File, line and identifier of each."""
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            if token.type == tokenize.NAME and token.string in FORBIDDEN:
                yield path.relative_to(ROOT), token.start[0], token.string


if __name__ == "__main__":
    for place in forbidden():
        print(*place, sep=":")
