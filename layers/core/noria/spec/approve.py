"""The `approve` block of a model spec."""

from datetime import datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from noria.spec.fields import FROZEN


class PolicySpec(BaseModel):
    """Conditions of an automatic approval besides the gates; where one is not met, a person decides."""

    model_config = FROZEN

    most_mb: float | None = Field(None, gt=0, description="size of the artifact")
    most_days: float | None = Field(None, gt=0, description="since its dataset was accepted")
    least_holdout_rows: int = Field(1, ge=1, description="rows that it was evaluated on")
    published_by: tuple[str, ...] = Field((), max_length=20, description="ARNs, with *, of who may have published the code; empty is anybody")


class FreezeSpec(BaseModel):
    """A window in which no release begins. All of its conditions must hold; times are UTC."""

    model_config = FROZEN

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = Field((), max_length=7, description="on these days; empty is every day")
    hours: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="between these, such as 16:00-24:00")
    since: AwareDatetime | None = Field(None, description="not before")
    until: AwareDatetime | None = Field(None, description="no longer than to this")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.until is None and self.hours in (None, "00:00-24:00") and len(set(self.days)) in (0, 7):
            raise ValueError("a freeze ends: name until, fewer than seven days, or hours that leave some of the day")
        if self.until and (self.since or datetime.min.replace(tzinfo=self.until.tzinfo)) >= self.until:
            raise ValueError(f"since is before until; found since {self.since} until {self.until}")
        if self.hours and self.hours.split("-")[0] >= self.hours.split("-")[1]:
            raise ValueError(f"hours rise within one day; found {self.hours}: write a window over midnight as two")
        return self


class ApproveSpec(BaseModel):
    """The `approve` block."""

    model_config = FROZEN

    mode: Literal["automatic", "manual"] = "automatic"
    policy: PolicySpec = PolicySpec()
    approvers: tuple[str, ...] = Field((), max_length=20, description="manual: ARNs, with *, of whose approval counts; empty is whoever may write the registry")
    two_person: bool = Field(False, description="manual: who approves is not who published")
    expires_hours: float = Field(168, gt=0, le=700, description="a version that nobody has answered by then is rejected")
    freeze: tuple[FreezeSpec, ...] = Field((), max_length=20, description="windows in which an approved version waits; rollbacks never do")
