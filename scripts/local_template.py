"""A built stack with what its root hands to it, for `sam local invoke`.

`sam local invoke` takes a layer that a parent passes as a parameter for an ARN, and refuses it (aws/aws-sam-cli#2820); a layer that is a
resource of the same template is found. Only what `sam build` has written is read and written here.

usage: python -m scripts.local_template BUILD_DIR Data/JudgeDatasetFunction
"""

import os
import sys
from pathlib import Path

import yaml

from scripts.templates import LAYER, functions


def write(build: Path, address: str) -> Path:
    """Write the built template of a function's stack anew, with what its root hands to it in place of parameters; its path.

    Args:
        build: what `sam build` was given for its `--build-dir`.
        address: what `sam` calls the function.
    """
    (template,) = [function.template for function in functions().values() if function.address == address]
    folder = build / template.stack
    built = yaml.safe_load((folder / "template.yaml").read_text())
    for name, argument in template.arguments.items():
        origin, value = template.resolve(argument)
        reference = value.get("Ref")
        if origin.body["Resources"].get(reference, {}).get("Type") == LAYER:
            del built["Parameters"][name]
            built["Resources"][name] = {"Type": LAYER, "Properties": {"ContentUri": os.path.relpath(build / origin.stack / reference, folder)}}
        elif reference in origin.body["Parameters"]:
            built["Parameters"][name]["Default"] = origin.body["Parameters"][reference]["Default"]
    path = folder / "local.yaml"
    path.write_text(yaml.safe_dump(built, sort_keys=False))
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), sys.argv[2]))
