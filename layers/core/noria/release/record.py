"""Releases in the ledger: the item of one, which is the champion's as well when it serves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from noria.kernel import ledger

if TYPE_CHECKING:
    from noria.kernel.published_spec import AutoscaleShape
    from noria.release.events import AnyRollout
    from noria.release.shapes.admission import ApprovedVersion


def release_item(key: ledger.Item, published: AnyRollout, version: ApprovedVersion, time: str, autoscale: AutoscaleShape | None, **status: str) -> ledger.Item:
    """The item of a release, or of a champion.

    Args:
        published: the event that says what became of it; it is the item's document.
        time: ISO 8601.
        status: the `status` of a release; a champion has none.
    """
    return ledger.item(
        key,
        **status,
        package=version["package"],
        endpoint=published.endpoint,
        config=published.config,
        endpoint_model=published.config,
        run=published.run,
        spec=published.spec,
        release=published.release,
        sagemaker_model=version["metadata"].get("sagemaker_model", "unknown"),
        schema=version["metadata"].get("schema", "unknown"),
        approved_at=str(version["approved_at"]),
        time=time,
        autoscale=autoscale,
        document=published.to_json(),
    )


def autoscale_of(item: ledger.Item) -> AutoscaleShape | None:
    """How the instances of a release follow the traffic, or nothing."""
    autoscale: AutoscaleShape | None = json.loads(ledger.text(item, "autoscale", "null"))
    return autoscale
