"""Names derived from content: the same thing has the same name, however often its event comes."""

import json
import uuid
from hashlib import sha256
from typing import Any

LENGTH = 12
#: Namespace of event ids.
EVENTS = uuid.UUID("6e6f7269-6100-4000-8000-6576656e7473")


def digest(*parts: Any) -> str:
    """Twelve hexadecimal characters of the SHA-256 over the parts, as canonical JSON."""
    return sha256(canonical(parts)).hexdigest()[:LENGTH]


def run_id(model: str, dataset: str, event: str, lake: str) -> str:
    """The id of the run that an event starts on a dataset.

    Args:
        event: its id.
        lake: the bucket that the dataset lies in, which belongs to one life of the stack.
    """
    return digest(model, dataset, event, lake)


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()


def event_id(name: str, subject: str) -> str:
    """The id of the event that says `name` of `subject`."""
    return str(uuid.uuid5(EVENTS, f"{name}/{subject}"))
