"""The repository's sample events."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EVENTS = ROOT / "events"


def sample(path: str) -> dict[str, Any]:
    """A fresh copy of one sample."""
    return json.loads((EVENTS / path).read_text())
