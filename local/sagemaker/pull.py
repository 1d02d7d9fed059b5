"""Builds the environment of an image ahead of the first job, as a container engine pulls an image.

usage: python -m local.sagemaker.pull REPOSITORY:TAG [requirements.txt]   (with NORIA_IMAGES and NORIA_UV set)
Prints the interpreter of the environment.
"""

import sys
from pathlib import Path

from local.sagemaker.containers import environments, images


def main() -> None:
    """Build the environment unless it exists."""
    requirements = Path(sys.argv[2]).read_text() if len(sys.argv) > 2 else ""
    print(environments.python_for(images.resolve(sys.argv[1]), requirements))


if __name__ == "__main__":
    main()
