"""Where a benchmark's figures go: `.noria/bench/<name>.json`, and a line for a person."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".noria" / "bench"


@dataclass(frozen=True)
class Result:
    """One figure against its reference, both from the same run.

    Attributes:
        ratio: ours by reference.
        what: a sentence on what was measured.
        parts: the single figures behind it.
    """

    name: str
    ours: float
    reference: float
    unit: str
    what: str
    parts: dict[str, Any]

    @property
    def ratio(self) -> float:
        return round(self.ours / self.reference, 4)

    def write(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        report = {**asdict(self), "ratio": self.ratio, "command": f"make bench BENCH={self.name}"}
        (FOLDER / f"{self.name}.json").write_text(json.dumps(report, indent=2) + "\n")
        print(f"{self.name}: {self.ours:g} against {self.reference:g} {self.unit}, ratio {self.ratio}: {self.what}")
        for part, value in self.parts.items():
            print(f"    {part}: {value}")
