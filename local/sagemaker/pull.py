"""Builds the environment of an image ahead of the first job, as an engine would pull it.

usage: python -m local.sagemaker.pull REPOSITORY:TAG   (with NORIA_IMAGES and NORIA_UV set)
"""

import sys

from local.sagemaker import environments, images


def main() -> None:
    """Build what is not there yet."""
    environments.python_for(images.resolve(sys.argv[1]))


if __name__ == "__main__":
    main()
