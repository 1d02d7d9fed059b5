"""Events of the data context: what became of an upload."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noria.kernel.events import Event

if TYPE_CHECKING:
    from noria.data.shapes import Upload
    from noria.kernel.shapes import ReasonShape


class _Dataset(Event):
    dataset: str
    bucket: str
    location: str
    verdict: str
    source: Upload
    spec: str | None
    train: bool
    digest: str
    rows: int
    set_aside: int
    reasons: list[ReasonShape]


class DatasetAccepted(_Dataset):
    """An upload keeps its contract: its rows are curated, and a run may train on them."""


class DatasetQuarantined(_Dataset):
    """An upload breaks its contract: a copy lies in quarantine beside its verdict."""
