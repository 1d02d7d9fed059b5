"""The champion of a model: the version that the endpoint serves, out of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from noria.kernel import ledger
from noria.release.names import TRIAL
from noria.release.record import autoscale_of

if TYPE_CHECKING:
    from noria.kernel.published_spec import AutoscaleShape
    from noria.sagemaker.descriptions import EndpointDescription


class Champion(NamedTuple):
    """The champion.

    Attributes:
        package: ARN of the version.
        config: of the endpoint.
        endpoint_model: the SageMaker model behind it.
        approved_at: when the version was approved, as the registry's event has it.
        autoscale: how its instances follow the traffic, or nothing.
    """

    package: str
    config: str
    endpoint_model: str
    approved_at: str
    autoscale: AutoscaleShape | None = None

    @classmethod
    def of(cls, item: ledger.Item | None) -> Self | None:
        """Out of the ledger's item; nothing where there is none."""
        if not item:
            return None
        package, config = item["package"]["S"], item["config"]["S"]
        return cls(package, config, ledger.text(item, "endpoint_model", config), ledger.text(item, "approved_at"), autoscale_of(item))

    def shares(self, endpoint: EndpointDescription) -> bool:
        """Whether an endpoint serves what an interrupted release left: this champion beside a challenger."""
        config = str(endpoint.get("EndpointConfigName"))
        return config.endswith(TRIAL) and config.rsplit("-", 2)[0] == self.config.rsplit("-", 1)[0]
