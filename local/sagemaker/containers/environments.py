"""Python environments of images: uv builds each once per set of packages, later jobs reuse it without the network."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from local.sagemaker.containers.images import Image
from local.sagemaker.errors import JobFailedError

COMPLETE = ".complete"
#: Lines of uv's output that a failure reason has.
REASON_LINES = 12


def python_for(image: Image, requirements: str = "") -> Path:
    """The interpreter of the environment for an image and a project's `requirements.txt`.

    Raises:
        JobFailedError: uv cannot install the requirements; the message ends with its output.
    """
    packages = sorted({*image.requirements, *(line.split("#")[0].strip() for line in requirements.splitlines())} - {""})
    key = hashlib.sha256("\n".join([*packages, sys.version, platform.platform()]).encode()).hexdigest()[:16]
    folder = Path(os.environ["NORIA_IMAGES"]) / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / COMPLETE).exists():
            _build(folder, packages)
    return folder / "bin" / "python"


def _build(folder: Path, packages: list[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    uv = os.environ["NORIA_UV"]
    _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)])
    requirements = folder / "requirements.in"
    requirements.write_text("\n".join(packages) + "\n")
    _run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(folder / "bin" / "python"), "--requirements", str(requirements)])
    (folder / COMPLETE).touch()


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        tail = "\n".join(result.stderr.strip().splitlines()[-REASON_LINES:])
        raise JobFailedError(f'AlgorithmError: InstallRequirementsError:\nExitCode {result.returncode}\nErrorMessage "{tail}", exit code: {result.returncode}')
