"""Field types and patterns that several blocks of a model spec share."""

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from noria.training.metrics import METRICS

FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
INSTANCE = r"^ml\.[a-z0-9-]+\.[a-z0-9]+$"
ENTRY = r"^[\w][\w./-]*\.py$"
#: The type of an error that spans blocks; its context names the `field` to look at.
CROSS_FIELD = "cross_field"

if TYPE_CHECKING:
    MetricName = str
else:
    #: A metric of the catalogue.
    MetricName = Literal[tuple(METRICS)]


class Instance(BaseModel):
    """The instances of a job."""

    model_config = FROZEN

    type: str = Field("ml.m5.large", pattern=INSTANCE)
    count: int = Field(1, ge=1, le=20)
    volume_gb: int = Field(10, ge=1, le=16384)
    spot: bool = False
