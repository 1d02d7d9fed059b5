"""The `monitor` block of a model spec."""

from pydantic import BaseModel, Field

from noria.spec.fields import FROZEN, MetricName


class QualitySpec(BaseModel):
    """Which loss of quality is one."""

    model_config = FROZEN

    metric: MetricName | None = Field(
        None,
        description="what is watched; without it the first gate's metric. Where counts of answers by day do not tell that one, the nearest that "
        "they tell: rmse for r2, accuracy for what is averaged over classes",
    )
    margin: float = Field(0.05, ge=0, le=10, description="by which share the loss (1 - accuracy, mae, rmse) may be larger than at release")
    at_least: float | None = Field(None, description="a fixed level in place of the one at release; for mae and rmse the most")


class MonitorSpec(BaseModel):
    """The `monitor` block."""

    model_config = FROZEN

    capture: int = Field(100, ge=0, le=100, description="per cent of the requests that are kept for monitoring, chosen at random; 0 keeps none")
    quality: QualitySpec = QualitySpec()
    truth_days: float = Field(30, gt=0, le=365, description="how long the truth of a prediction is waited for")
    silent_days: float = Field(7, gt=0, le=365, description="so long without traffic, or without truth, is a state with an alarm")
    persist: int = Field(1, ge=1, le=30, description="windows one after the other that must have drifted before drift is told")
