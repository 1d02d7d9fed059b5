"""Ingestion of a million rows and more: contract, profile and curated Parquet, against reading and writing alone, and against peers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from bench.drift import MEASURE, POWER, table
from bench.results import FOLDER, ROOT, Result

#: Rounds, in which every process takes its turn.
ROUNDS = 5
#: What ingestion from Parquet may take of the fastest reading and writing, and ingestion from CSV of the fastest reading.
PARQUET_AIM, CSV_AIM, PEERS_AIM, MEMORY_AIM = 1.6, 2.5, 0.5, 1.2
NUMBERS = ("Global_active_power", "Global_reactive_power", "Voltage", "Global_intensity", "Sub_metering_1", "Sub_metering_2", "Sub_metering_3")
TARGET = "Global_active_power"
LIMITS: dict[str, tuple[float, float | None]] = {"Voltage": (100, 400)}
OURS = """
import json
from pathlib import Path
from noria.data.contract import Column, DataContract
from noria.data.ingestion import Ingestion
from noria.tables.source import FileSource
block = json.loads(sys.argv[1])
contract = DataContract("any", None, (), {{name: Column(**column) for name, column in block["columns"].items()}}, 0.05, 1, missing=("", "?"))
for file in sys.argv[2:]:
    with Ingestion(contract, block["target"]) as ingestion:
        facts = ingestion.read(lambda: FileSource(Path(file)))
        assert not facts["problem"], facts
        for _ in ingestion.objects(as_csv=False):
            pass
"""
FLOORS = {
    "pyarrow": (
        "import pyarrow.parquet as pq\nfor file in sys.argv[2:]: pq.write_table(pq.read_table(file, use_threads=False), '/tmp/floor.parquet')",
        "import pyarrow.csv as pc\nfor file in sys.argv[2:]: pc.read_csv(file, read_options=pc.ReadOptions(use_threads=False))",
    ),
    "polars": (
        "import polars\nfor file in sys.argv[2:]: polars.read_parquet(file).write_parquet('/tmp/floor.parquet', compression='snappy')",
        "import polars\nfor file in sys.argv[2:]: polars.read_csv(file, null_values=['?'], infer_schema_length=1000)",
    ),
    "duckdb": (
        "import duckdb\nduckdb.sql('SET threads=1')\nfor file in sys.argv[2:]: duckdb.sql(f\"COPY (FROM '{file}') TO '/tmp/floor.parquet'\")",
        "import duckdb\nduckdb.sql('SET threads=1')\nfor file in sys.argv[2:]: duckdb.sql(f\"CREATE OR REPLACE TABLE t AS FROM '{file}'\")",
    ),
}
NEEDS = {
    "floors": ("polars==1.35.2", "duckdb==1.4.2", "pyarrow==22.0.0"),
    "pandera": ("pandera[polars]==0.27.0", "polars==1.35.2", "pyarrow==22.0.0"),
    "great expectations": ("great_expectations==1.9.0", "pandas<3", "pyarrow==22.0.0"),
}
#: The same contract, each in its own way: types, limits, no more than a share of empty values; the good rows are written.
CODE = {
    "pandera": """
import pandera.polars as pa, polars
checks = {{"Voltage": pa.Check.in_range(100, 400)}}
schema = pa.DataFrameSchema({{name: pa.Column(float, checks.get(name), nullable=True, coerce=True) for name in {numbers}}})
for file in sys.argv[2:]:
    schema.validate(polars.read_parquet(file), lazy=True).write_parquet("/tmp/peer.parquet")
""",
    "great expectations": """
import great_expectations as gx, pandas
context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
suite = context.suites.add(gx.ExpectationSuite(name="s"))
for name in {numbers}:
    suite.add_expectation(gx.expectations.ExpectColumnValuesToBeOfType(column=name, type_="float64"))
    suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column=name, mostly=0.95))
suite.add_expectation(gx.expectations.ExpectColumnValuesToBeBetween(column="Voltage", min_value=100, max_value=400))
for file in sys.argv[2:]:
    rows = pandas.read_parquet(file)
    asset.get_batch({{"dataframe": rows}}).validate(suite)
    rows.to_parquet("/tmp/peer.parquet")
""",
    "by hand in Polars": """
import polars
for file in sys.argv[2:]:
    rows = polars.read_parquet(file)
    good = polars.all_horizontal([polars.col(name).is_not_null() for name in {numbers}]) & polars.col("Voltage").is_between(100, 400)
    rows.filter(good).write_parquet("/tmp/peer.parquet")
""",
}


def _contract() -> str:
    columns = {name: {"type": "number", "nullable": True, "between": LIMITS.get(name)} for name in NUMBERS}
    return json.dumps({"target": TARGET, "columns": columns})


def _files(factor: float = 1.0) -> tuple[list[Path], list[Path]]:
    """The household power's two halves as Parquet and as CSV; of a part, or of several times, their rows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = table(POWER)
    half = rows.num_rows // 2
    results: tuple[list[Path], list[Path]] = ([], [])
    for number in range(2):
        part = rows.slice(number * half, max(1, int(half * min(1.0, factor))))
        part = pa.concat_tables([part] * max(1, int(factor)))
        for files, suffix in zip(results, ("parquet", "csv"), strict=True):
            path = FOLDER / f"ingest-{number}-{factor:g}.{suffix}"
            pa.parquet.write_table(part, path) if suffix == "parquet" else pa.csv.write_csv(part, path)
            files.append(path)
    return results


def _measured(code: str, files: list[Path], needs: tuple[str, ...] = ()) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of a process of its own, its imports included, on one core.

    Args:
        needs: what is installed for it; nothing for our own.
    """
    packages = [part for need in needs for part in ("--with", need)]
    uv = [str(ROOT / ".noria" / "uv" / "bin" / "uv"), "run", "--quiet", "--no-project", "--python", sys.executable, *packages, "python"]
    command = ["taskset", "-c", "1", *(uv if needs else [sys.executable]), "-c", MEASURE.format(code=code), _contract(), *map(str, files)]
    own = "" if needs else f"{ROOT}:{ROOT / 'layers' / 'core'}"
    environment = {**os.environ, "PYTHONPATH": own, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr[-2_000:])
    seconds, memory = map(float, ended.stdout.split()[-2:])
    return seconds, memory


def floor() -> Result:
    """Contract, profile and curated Parquet against the fastest reading and writing (from Parquet) and reading (from CSV)."""
    files = _files()
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for side in (0, 1):
            taken.setdefault(("ours", side), []).append(_measured(OURS.format(), files[side])[0])
            for name, codes in FLOORS.items():
                taken.setdefault((name, side), []).append(_measured(codes[side], files[side], NEEDS["floors"])[0])
    medians = {key: median(values) for key, values in taken.items()}
    fastest = [min(medians[name, side] for name in FLOORS) for side in (0, 1)]
    ratios = [medians["ours", side] / fastest[side] for side in (0, 1)]
    parts: dict[str, Any] = {
        f"from {kind}": f"{medians['ours', side]:.2f} s, {ratios[side]:.2f} times the fastest; "
        + ", ".join(f"{name} {medians[name, side]:.2f} s" for name in FLOORS)
        for side, kind in enumerate(("Parquet", "CSV"))
    }
    worse = max(ratios[0] / PARQUET_AIM, ratios[1] / CSV_AIM)
    what = f"the worse of two shares of their aims: {PARQUET_AIM} times the fastest reading and writing of Parquet, {CSV_AIM} times the fastest reading of CSV"
    return Result("ingest_floor", round(worse, 3), 1.0, "of the aim", what, parts)


def against_peers() -> Result:
    """The same contract by pandera on Polars, by Great Expectations, and by hand in Polars, from Parquet."""
    files, _ = _files()
    ours = median(_measured(OURS.format(), files)[0] for _ in range(3))
    parts, others = {}, dict[str, float]()
    for name, code in CODE.items():
        needs = NEEDS.get(name, NEEDS["floors"])
        seconds, memory = min(_measured(code.format(numbers=repr(NUMBERS)), files, needs) for _ in range(3))
        others[name] = seconds
        parts[name] = f"{seconds:.2f} s, {memory:.0f} MB"
    best = min(others[name] for name in ("pandera", "great expectations"))
    return Result(
        "ingest_peers", round(ours, 2), round(best, 2), "s", "CPU of ingestion of two files of 1.04 million rows, against the better of two peers", parts
    )


def memory() -> Result:
    """Peak memory of ingestion from CSV at 1, 10 and 100 times the rows."""
    peaks = {factor: _measured(OURS.format(), _files(factor)[1])[1] for factor in (0.1, 1.0, 10.0)}
    parts = {f"{2_075_259 * factor:,.0f} rows": f"{peak:.0f} MB" for factor, peak in peaks.items()}
    return Result("ingest_memory", round(peaks[10.0]), round(peaks[0.1]), "MB", "peak memory at a hundred times the rows, from CSV", parts)
