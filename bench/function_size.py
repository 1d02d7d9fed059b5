"""Size of each function with its layers, as `sam build` makes them."""

import io
import os
import statistics
import subprocess
import tempfile
import zipfile
from pathlib import Path

from bench.results import ROOT, Result
from scripts.check_machines import template

#: What Lambda allows unzipped, function and layers together (MiB).
LIMIT = 250


def sizes(folder: Path) -> tuple[int, int]:
    """Bytes of a folder, plain and zipped."""
    buffer, plain = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
                plain += path.stat().st_size
    return plain, buffer.tell()


def measure() -> Result:
    """Build, then measure; the reference is Lambda's limit."""
    with tempfile.TemporaryDirectory() as build:
        path = f"{ROOT / '.noria' / 'uv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        command = [str(ROOT / ".noria" / "envs" / "sam" / "bin" / "sam"), "build", "--build-dir", build, "--template", str(ROOT / "template.yaml")]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"}, capture_output=True, check=True)
        layers = {name: sizes(Path(build) / name) for name in ("CoreLayer", "DataLayer")}
        functions = {folder.name.removesuffix("Function"): sizes(folder) for folder in sorted(Path(build).iterdir()) if folder.name.endswith("Function")}
    mib = 1024 * 1024
    whole = {}
    for name, own in functions.items():
        # The core layer is on every function, the heavy wheels on those that name them.
        heavy = "DataLayer" in str(template()["Resources"][f"{name}Function"]["Properties"].get("Layers", ""))
        parts_of = [own, layers["CoreLayer"], *([layers["DataLayer"]] if heavy else [])]
        whole[name] = (sum(plain for plain, _ in parts_of) / mib, sum(zipped for _, zipped in parts_of) / mib)
    ours = round(statistics.median(plain for plain, _ in whole.values()), 2)
    parts = {name: f"{plain:.1f} MiB, zipped {zipped:.1f} MiB" for name, (plain, zipped) in whole.items()}
    return Result("function_size", ours, LIMIT, "MiB unzipped", "a function with its layer, the median one against Lambda's limit", parts)
