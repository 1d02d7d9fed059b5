"""Image URIs of AWS's framework containers, by region.

`images.json` has them from the SageMaker Python SDK (sagemaker 3.27, image_uri_config); accounts by region.
"""

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

from cli.base.errors import CliError


class Framework(TypedDict):
    """One framework: its repository, its tags by version and purpose, and AWS's account by region."""

    accounts: dict[str, str]
    default: str
    repository: str
    versions: dict[str, dict[str, str]]


@cache
def _frameworks() -> dict[str, Framework]:
    frameworks: dict[str, Framework] = json.loads(Path(__file__).with_name("images.json").read_text())
    return frameworks


def resolve(image: str, region: str) -> dict[str, str]:
    """The images that train and serve: `{training, inference}`.

    Args:
        image: `sklearn`, `sklearn:1.9-0`, or an image URI, which stays as it is.

    Raises:
        CliError: AWS has no such framework, version or region; the message lists those there are.
    """
    if "/" in image:
        return {"training": image, "inference": image}
    name, _, version = image.partition(":")
    if name not in _frameworks():
        raise CliError(
            f"found {image!r}, expected an image URI or one of {', '.join(_frameworks())}; a framework that an image lacks comes with it: "
            "name one of these, and write the package into the project's requirements.txt"
        )
    framework = _frameworks()[name]
    tags = framework["versions"].get(version or framework["default"])
    if tags is None:
        raise CliError(f"{name} has no version {version}; those there are: {', '.join(framework['versions'])}")
    account = framework["accounts"].get(region)
    if account is None:
        raise CliError(f"AWS has no {name} image in {region}; name an image URI instead")
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return {purpose: f"{account}.dkr.ecr.{region}.{domain}/{framework['repository']}:{tag}" for purpose, tag in tags.items()}
