"""Python environments for images: built once by uv per content, then reused without the network."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from local.sagemaker.errors import JobFailedError
from local.sagemaker.images import Image

COMPLETE = ".complete"
#: Lines of uv's own words that a failure reason carries.
TOLD_LINES = 12


def python_for(image: Image, requirements: str = "") -> Path:
    """The interpreter of the environment for an image and a project's `requirements.txt`.

    Raises:
        JobFailedError: the requirements cannot be installed; ends with uv's own words.
    """
    wanted = sorted({*image.requirements, *(line.split("#")[0].strip() for line in requirements.splitlines())} - {""})
    key = hashlib.sha256("\n".join([*wanted, sys.version, platform.platform()]).encode()).hexdigest()[:16]
    folder = Path(os.environ["NORIA_IMAGES"]) / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / COMPLETE).exists():
            _build(folder, wanted)
    return folder / "bin" / "python"


def _build(folder: Path, wanted: list[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    uv = os.environ["NORIA_UV"]
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
    listed = folder / "requirements.in"
    listed.write_text("\n".join(wanted) + "\n")
    _run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(folder / "bin" / "python"), "--requirements", str(listed)])
    (folder / COMPLETE).touch()


def _run(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        told = "\n".join(ended.stderr.strip().splitlines()[-TOLD_LINES:])
        raise JobFailedError(f'AlgorithmError: InstallRequirementsError:\nExitCode {ended.returncode}\nErrorMessage "{told}", exit code: {ended.returncode}')
