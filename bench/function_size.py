"""Size of each function with its layers, as `sam build` makes them."""

import io
import os
import statistics
import subprocess
import tempfile
import zipfile
from pathlib import Path

from bench.results import ROOT, Result
from scripts.templates import LAYER, Resource, functions, resources

#: What Lambda allows unzipped, function and layers together (MiB).
LIMIT = 250
MIB = 1024 * 1024


def sizes(folder: Path) -> tuple[int, int]:
    """Bytes of a folder, plain and zipped."""
    buffer, plain = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
                plain += path.stat().st_size
    return plain, buffer.tell()


def _with_layers(function: Resource, own: tuple[int, int], layers: dict[str, tuple[int, int]]) -> tuple[float, float]:
    """MiB of a function together with the layers that its template and the function itself name."""
    names = [*function.template.body["Globals"]["Function"]["Layers"], *function.properties.get("Layers", [])]
    parts = [own, *(layers[function.template.resolve(name)[1]["Ref"]] for name in names)]
    return sum(plain for plain, _ in parts) / MIB, sum(zipped for _, zipped in parts) / MIB


def measure() -> Result:
    """Build, then measure; the reference is Lambda's limit."""
    with tempfile.TemporaryDirectory() as build:
        path = f"{ROOT / '.noria' / 'uv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        command = [str(ROOT / ".noria" / "envs" / "sam" / "bin" / "sam"), "build", "--build-dir", build, "--template", str(ROOT / "template.yaml")]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"}, capture_output=True, check=True)
        layers = {layer.name: sizes(Path(build) / layer.address) for layer in resources(LAYER)}
        whole = {function.name: _with_layers(function, sizes(Path(build) / function.address), layers) for function in functions().values()}
    ours = round(statistics.median(plain for plain, _ in whole.values()), 2)
    parts = {name.removesuffix("Function"): f"{plain:.1f} MiB, zipped {zipped:.1f} MiB" for name, (plain, zipped) in whole.items()}
    return Result("function_size", ours, LIMIT, "MiB unzipped", "a function with its layer, the median one against Lambda's limit", parts)
