"""Image URIs of AWS's framework containers, per region.

`images.json` holds what AWS publishes in the SageMaker Python SDK (sagemaker 3.27, image_uri_config); accounts by region.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from cli.base.errors import CliError

Table = dict[str, Any]


@cache
def _table() -> Table:
    table: Table = json.loads(Path(__file__).with_name("images.json").read_text())
    return table


def resolve(image: str, region: str) -> dict[str, str]:
    """The images that train and serve.

    Args:
        image: `sklearn`, `sklearn:1.9-0`, or an image URI, which stays as it is.

    Raises:
        CliError: the framework, its version or the region is not known; says what is.
    """
    if "/" in image:
        return {"training": image, "inference": image}
    framework, _, version = image.partition(":")
    if framework not in _table():
        raise CliError(f"found {image!r}, expected an image URI or one of {', '.join(_table())}")
    known = _table()[framework]
    row = known["versions"].get(version or known["default"])
    if row is None:
        raise CliError(f"{framework} has no version {version}; those there are: {', '.join(known['versions'])}")
    account = known["accounts"].get(region)
    if account is None:
        raise CliError(f"AWS has no {framework} image in {region}; name an image URI instead")
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return {kind: f"{account}.dkr.ecr.{region}.{domain}/{known['repository']}:{tag}" for kind, tag in row.items()}
