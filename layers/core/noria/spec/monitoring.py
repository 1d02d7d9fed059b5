"""The monitoring and healing blocks of a model spec."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from noria.spec.fields import MetricName

Frozen = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class QualitySpec(BaseModel):
    """Which loss of quality is a cause for concern."""

    model_config = Frozen

    metric: MetricName | None = Field(
        None,
        description="what is watched; without it the first gate's metric. Where counts of answers by day do not tell that one, the nearest that "
        "they tell: rmse for r2, accuracy for what is averaged over classes",
    )
    margin: float = Field(0.05, ge=0, le=10, description="by which share the loss (1 - accuracy, mae, rmse) may exceed that of the evaluation")
    at_least: float | None = Field(None, description="a fixed limit in place of the one of the evaluation; for mae and rmse an upper one")


class MonitorSpec(BaseModel):
    """The `monitor` block."""

    model_config = Frozen

    capture: int = Field(100, ge=0, le=100, description="per cent of the requests that are captured, chosen at random; 0 captures none")
    quality: QualitySpec = QualitySpec()
    truth_days: float = Field(30, gt=0, le=365, description="days after a prediction in which its ground truth counts")
    silent_days: float = Field(7, gt=0, le=365, description="days without requests, or without ground truth, that are a cause for concern")
    persist: int = Field(1, ge=1, le=30, description="consecutive windows that must have drifted before drift is a cause for concern")


class BudgetSpec(BaseModel):
    """The budget of automatic retraining, in the currency of the price."""

    model_config = Frozen

    a_month: float = Field(gt=0, description="in any 30 days")
    per_hour: float = Field(gt=0, description="price of an hour of the training's instances, from AWS's list for the region")


class HealSpec(BaseModel):
    """The `heal` block: automatic retraining."""

    model_config = Frozen

    on: tuple[Literal["quality", "drift"], ...] = Field(("quality",), max_length=2, description="causes that start it; empty starts none")
    drift_weight: float = Field(0.1, ge=0, le=1, description="drift starts it only where drifted columns have this share of the permutation importance")
    cooldown_days: float = Field(7, ge=0, le=365, description="between two retrainings; twice as long after each one without improvement")
    min_rows: int = Field(500, ge=1, description="labelled rows that are newer than the champion's dataset")
    min_share: float = Field(0.02, ge=0, le=10, description="and as a share of the champion's dataset")
    a_day: int = Field(1, ge=1, le=100)
    a_month: int = Field(4, ge=1, le=100)
    budget: BudgetSpec | None = Field(None, description="what retrainings may cost a month; without it only a_day and a_month bound them")
    off_peak: str | None = Field(
        None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$", description="only between these times of day (UTC), such as 22:00-06:00"
    )
    data: Literal["all", "recent", "backtest"] = Field(
        "backtest",
        description="labelled rows of a retraining; backtest tries all, twice recent_days, and halves of it down to a 32nd; without data.time all",
    )
    recent_days: float = Field(365, gt=0, le=3650, description="how far back from the newest row")
    give_up_after: int = Field(3, ge=1, le=20, description="consecutive retrainings without improvement after which a person is called; the next one is later")

    @model_validator(mode="after")
    def _caps_fit(self) -> Self:
        if self.a_day > self.a_month:
            raise ValueError(f"a_day is at most a_month; found {self.a_day} and {self.a_month}")
        return self
