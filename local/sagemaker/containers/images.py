"""Container images: a table of image URIs and the Python packages that stand for each.

Account and region of a URI are ignored. Where the image's version of a package has no wheel for this Python, the table has the
next higher version that has one, and the job's log names the substitution.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.sagemaker.errors import JobFailedError

#: `<account>.dkr.ecr.<region>.<domain>/<repository>:<tag>`
URI = re.compile(r"(?:[^/]+/)?(?P<repository>[\w./-]+):(?P<tag>[\w.-]+)")
#: Packages of every framework container besides its framework.
COMMON = ("flask==3.1.3", "gunicorn==23.0.0", "numpy", "pandas", "pip", "sagemaker-inference==1.10.1", "setuptools")


@dataclass(frozen=True)
class Image:
    """A container image as a set of packages.

    Attributes:
        requirements: the packages of its environment.
        substitutions: a sentence for each package whose version differs from the image's.
    """

    uri: str
    requirements: tuple[str, ...]
    substitutions: tuple[str, ...]


@cache
def _table() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    table: dict[str, dict[str, dict[str, dict[str, str]]]] = json.loads(Path(__file__).with_name("images.json").read_text())
    return table


def resolve(uri: str) -> Image:
    """The image of a URI.

    Raises:
        JobFailedError: the table has no row for it; the message lists the rows.
    """
    match = URI.fullmatch(uri)
    versions = _table().get(match["repository"], {}) if match else {}
    row = next((row for version, row in versions.items() if match and match["tag"].startswith(version)), None)
    if row is None:
        rows = ", ".join(f"{repository}:{version}" for repository, versions in _table().items() for version in versions)
        raise JobFailedError(f"ClientError: image {uri} has no local environment; those that have: {rows}")
    local = tuple(f"{name}=={version}" for name, version in row["local"].items())
    declared = tuple(f"{name}=={version}" for name, version in row["declared"].items())
    differences = [(ours, aws) for ours, aws in zip(local, declared, strict=True) if ours.split("==")[1] != aws.split("==")[1]]
    sentences = tuple(f"{uri} declares {aws}, which has no wheel for this Python; {ours} stands for it" for ours, aws in differences)
    return Image(uri, (*local, *COMMON), sentences)
