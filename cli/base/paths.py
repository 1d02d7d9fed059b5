"""Folders of the installation: the repository, and where a local AWS and the demonstration keep their files."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """The folder of the local AWS and of the demonstration: `NORIA_HOME`, by default `.noria` in the repository."""
    return Path(os.environ.get("NORIA_HOME", ROOT / ".noria"))
