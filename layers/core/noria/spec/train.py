"""The `train` block of a model spec."""

from pydantic import BaseModel, Field

from noria.spec.fields import ENTRY, FROZEN, Instance


class TrainSpec(BaseModel):
    """The `train` block."""

    model_config = FROZEN

    image: str = Field("sklearn", description="a framework (sklearn, xgboost), one with its version (sklearn:1.9-0), or an image URI")
    entry: str = Field("train.py", pattern=ENTRY)
    instance: Instance = Instance()
    hyperparameters: dict[str, str | int | float | bool] = {}
    max_minutes: float = Field(60, gt=0, le=720, description="a training job that runs longer is stopped; twelve hours at most")
    on_upload: bool = Field(True, description="whether an accepted dataset starts a run")
