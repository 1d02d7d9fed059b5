"""What an image URI means here: a row of a table, from which an environment is built.

Account and region of the URI are ignored. Where the container's own version has no wheel for the interpreter at hand, the
next higher one that has is taken, and the substitution is told.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.sagemaker.errors import JobFailedError

#: `<account>.dkr.ecr.<region>.<domain>/<repository>:<tag>`
URI = re.compile(r"(?:[^/]+/)?(?P<repository>[\w./-]+):(?P<tag>[\w.-]+)")
#: What each framework container holds besides its framework.
COMMON = ("gunicorn==23.0.0", "numpy", "pandas", "pip", "sagemaker-inference==1.10.1", "setuptools")


@dataclass(frozen=True)
class Image:
    """A container image, as it is stood for here.

    Attributes:
        requirements: what its environment is built from.
        substitutions: for each package that is not the declared one, a sentence.
    """

    uri: str
    requirements: tuple[str, ...]
    substitutions: tuple[str, ...]


@cache
def _table() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    table: dict[str, dict[str, dict[str, dict[str, str]]]] = json.loads(Path(__file__).with_name("images.json").read_text())
    return table


def resolve(uri: str) -> Image:
    """The image behind a URI.

    Raises:
        JobFailedError: no row for it; the message names those that there are.
    """
    match = URI.fullmatch(uri)
    versions = _table().get(match["repository"], {}) if match else {}
    row = next((row for version, row in versions.items() if match and match["tag"].startswith(version)), None)
    if row is None:
        known = ", ".join(f"{repository}:{version}" for repository, rows in _table().items() for version in rows)
        raise JobFailedError(f"ClientError: image {uri} has no local environment; those that have: {known}")
    local = tuple(f"{name}=={version}" for name, version in row["local"].items())
    declared = tuple(f"{name}=={version}" for name, version in row["declared"].items())
    changed = [(wanted, got) for wanted, got in zip(declared, local, strict=True) if wanted.split("==")[1] != got.split("==")[1]]
    sentences = tuple(f"{uri} declares {wanted}, which has no wheel for this Python; {got} stands for it" for wanted, got in changed)
    return Image(uri, (*local, *COMMON), sentences)
