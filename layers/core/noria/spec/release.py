"""The approval, serving and rollout blocks of a model spec."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from noria.spec.training import INSTANCE

Frozen = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ApproveSpec(BaseModel):
    """The `approve` block."""

    model_config = Frozen

    mode: Literal["automatic", "manual"] = "automatic"


class ServeSpec(BaseModel):
    """The `serve` block."""

    model_config = Frozen

    kind: Literal["realtime"] = "realtime"
    instance: str = Field("ml.m5.large", pattern=INSTANCE)
    count: int = Field(1, ge=1, le=20, description="instances of the first release; later ones keep as many as run then")


class RolloutSpec(BaseModel):
    """The `rollout` block."""

    model_config = Frozen

    strategy: Literal["all_at_once"] = "all_at_once"
