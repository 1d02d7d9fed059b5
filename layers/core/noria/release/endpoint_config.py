"""Builds endpoint configurations: one variant, or champion and challenger with split or shadowed traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from noria.kernel.errors import InvariantError
from noria.release.autoscaling import scaling
from noria.release.variants import CHALLENGER, MAIN
from noria.sagemaker import endpoints

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import (
        CreateEndpointConfigInputTypeDef,
        DataCaptureConfigTypeDef,
        DeploymentConfigTypeDef,
        ProductionVariantTypeDef,
        UpdateEndpointInputTypeDef,
    )

    from noria.kernel.published_spec import AutoscaleShape, ServeShape
    from noria.release.champion import Champion
    from noria.release.names import ReleaseNames
    from noria.release.shapes.deployment import DeployInput
    from noria.sagemaker.descriptions import EndpointDescription
    from noria.sagemaker.stack import Tags


class EndpointPlanner(NamedTuple):
    """Plans what `deploy` does with one endpoint during a release.

    Attributes:
        alarms: names of the alarms by which deployment guardrails go back: on errors, and the stop alarm.
        running: instances of `main` that run now; 0 where the endpoint serves nothing.
        capture_folder: where requests and predictions are captured to, as an `s3://` URI.
        monitoring_percent: per cent of the requests that are captured for monitoring.
        champion: nothing where there is none; where the endpoint does not reach a configuration, its instances scale as the champion's.
    """

    names: ReleaseNames
    alarms: tuple[str, ...]
    serve: ServeShape
    tags: Tags
    running: int
    capture_folder: str
    monitoring_percent: int
    champion: Champion | None

    def champion_alone(self) -> DeployInput:
        """The champion takes all of the traffic again, as before the release."""
        champion = self._incumbent()
        config = endpoints.endpoint_config(champion.config, [self._variant(MAIN, champion.endpoint_model, 1.0)], self.tags)
        return self._deploy(config, endpoints.update_endpoint(self.names.endpoint, champion.config), champion.autoscale)

    def version_alone(self, guardrails: DeploymentConfigTypeDef | None = None) -> DeployInput:
        """The new version takes all of the traffic, at once or as SageMaker's guardrails move it."""
        name = self.names.config
        config = endpoints.endpoint_config(name, [self._variant(MAIN, name, 1.0)], self.tags, capture=self._capture(0))
        return self._deploy(config, endpoints.update_endpoint(self.names.endpoint, name, guardrails), self.serve["autoscale"])

    def side_by_side(self, share: float, capture_percent: int) -> DeployInput:
        """Champion and challenger split the traffic; `share` is the challenger's."""
        variants = [self._champion(1 - share), self._challenger(share)]
        return self._trial(endpoints.endpoint_config(self.names.trial, variants, self.tags, capture=self._capture(capture_percent)))

    def shadow(self, capture_percent: int) -> DeployInput:
        """The challenger gets a copy of every request, and its predictions reach nobody."""
        capture = self._capture(capture_percent)
        return self._trial(endpoints.endpoint_config(self.names.trial, [self._champion(1.0)], self.tags, [self._challenger(1.0)], capture))

    def _incumbent(self) -> Champion:
        if self.champion is None:
            raise InvariantError(f"{self.names.endpoint} has no champion to serve beside {self.names.config}, or in its place: release it all at once")
        return self.champion

    def _champion(self, weight: float) -> ProductionVariantTypeDef:
        return self._variant(MAIN, self._incumbent().endpoint_model, round(weight, endpoints.WEIGHT_DECIMALS))

    def _challenger(self, weight: float) -> ProductionVariantTypeDef:
        return self._variant(CHALLENGER, self.names.config, weight)

    def _trial(self, config: CreateEndpointConfigInputTypeDef) -> DeployInput:
        # The challenger takes over as many instances as the champion has: that one may grow beside it, and not shrink.
        update = endpoints.update_endpoint(self.names.endpoint, self.names.trial)
        return self._deploy(config, update, self._incumbent().autoscale, scale_in=False)

    def _variant(self, name: str, model: str, weight: float) -> ProductionVariantTypeDef:
        return endpoints.production_variant(name, model, self.serve["instance"], self.running or self.serve["count"], weight)

    def _capture(self, guard_percent: int) -> DataCaptureConfigTypeDef | None:
        """What is captured: predictions for the guard, and requests as well for monitoring."""
        percent = max(guard_percent, self.monitoring_percent)
        return endpoints.data_capture(self.capture_folder, percent, requests=bool(self.monitoring_percent)) if percent else None

    def _deploy(
        self, config: CreateEndpointConfigInputTypeDef, update: UpdateEndpointInputTypeDef, autoscale: AutoscaleShape | None, scale_in: bool = True
    ) -> DeployInput:
        fallback = self.champion.autoscale if self.champion else None
        return {
            "config": config,
            "create": endpoints.create_endpoint(self.names.endpoint, config["EndpointConfigName"], self.tags),
            "update": update,
            **scaling(self.names.endpoint, autoscale, fallback, scale_in),
        }


def running_instances(endpoint: EndpointDescription | None, count: int) -> int:
    """Instances of `main` that run now, `count` where the description has none; 0 where the endpoint serves nothing."""
    if endpoint is None or endpoint["EndpointStatus"] == "Failed":
        return 0
    variants = {variant["VariantName"]: variant for variant in endpoint.get("ProductionVariants", [])}
    main = variants.get(MAIN)
    return int((main.get("CurrentInstanceCount") if main else 0) or count)
