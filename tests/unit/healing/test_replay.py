"""A history through the policies of production: what got worse is healed, what did not is left alone."""

import csv
import io
import random
from datetime import UTC, datetime, timedelta

import pytest

from noria.data.contract import DataContract
from noria.healing import policy, replay
from noria.healing.history import history
from noria.kernel.errors import ContractError
from noria.kernel.values import parse_timestamp
from noria.spec import ModelSpec
from noria.tables.source import BytesSource

SPEC = ModelSpec.model_validate(
    {
        "name": "m",
        "task": "binary",
        "target": "y",
        "data": {"time": "at", "columns": {"x": {"type": "number"}}},
        "evaluate": {"split": {"by": "time", "test": 0.2}, "gates": [{"metric": "accuracy", "at_least": 0.5}]},
    }
).model_dump(mode="json")


class Threshold:
    """Learns above which value the answer is yes."""

    def __init__(self) -> None:
        self.fits = 0
        self.models: dict[str, float] = {}

    def fit(self, train: str) -> str:
        rows = list(csv.DictReader(io.StringIO(train)))
        cuts = [i / 20 for i in range(21)]
        self.fits += 1
        self.models[str(self.fits)] = max(cuts, key=lambda cut: sum((float(row["x"]) > cut) == (row["y"] == "1") for row in rows))
        return str(self.fits)

    def predict(self, model: str, features: str) -> list[str]:
        return [str(int(float(line) > self.models[model])) for line in features.splitlines()]


def played(shift: float, rule: policy.Policy, noise: float = 0.05, spec: dict = SPEC, drift: replay.DriftCheck | None = None) -> dict:
    """A year of forty rows a day; after four months the truth moves."""
    drawn, lines = random.Random(0), ["at,x,y"]
    for day in range(365):
        cut = 0.5 + (shift if day >= 120 else 0.0)
        for hour in range(20):
            x = drawn.random()
            lines.append(
                f"{(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=hour)).isoformat()},{x:.3f},{int((x > cut) != (drawn.random() < noise))}"
            )
    result, aside = history(BytesSource("\n".join(lines).encode()), DataContract.of(spec["data"]), "y")
    assert aside == 0
    return replay.play(spec, replay.Replay(spec, result, Threshold(), parse_timestamp("2025-04-01"), 10 * 86_400.0, drift), {"p": rule})


def rule(**changed) -> policy.Policy:
    return policy.Policy.of({**SPEC["heal"], "recent_days": 60, "min_rows": 100, **changed})


def test_a_world_that_changes_is_noticed_and_the_model_healed_with_few_retrainings():
    report = played(0.25, rule())
    assert report["managed"]["mean"] > report["frozen"]["mean"] + 0.05
    assert report["managed"]["mean"] > report["every_window"]["mean"] - 0.03
    assert 1 <= report["managed"]["retrainings"] <= report["every_window"]["retrainings"] / 3
    assert report["managed"]["alarms"] >= 1
    assert len(report["windows"]) == len(report["managed"]["series"]) == len(report["frozen"]["series"])


def test_a_history_goes_through_the_declared_steps_as_a_run_does():
    steps = ModelSpec.model_validate(
        {**SPEC, "preprocess": {"columns": {"x": {"impute": "median", "scale": "min_max"}}}},
    ).model_dump(mode="json")
    report, plain = played(0.25, rule(), spec=steps), played(0.25, rule())
    assert report["managed"]["mean"] == pytest.approx(plain["managed"]["mean"], abs=0.03)


def test_a_world_that_stays_as_it_is_costs_nothing():
    report = played(0.0, rule())
    assert (report["managed"]["retrainings"], report["managed"]["alarms"]) == (0, 0)
    assert report["managed"]["series"] == report["frozen"]["series"]


def test_a_policy_that_heals_nothing_leaves_the_model_frozen():
    report = played(0.25, rule(on=[]))
    assert (report["managed"]["retrainings"], report["managed"]["series"]) == (0, report["frozen"]["series"])
    assert report["managed"]["alarms"] == 1


def test_a_history_without_times_or_without_good_rows_says_what_to_do():
    block = DataContract.of(SPEC["data"])
    with pytest.raises(ContractError, match="contract suggest"):
        history(BytesSource(b"at,x,y\n2025-01-01,no,1\n"), block, "y")
    with pytest.raises(ContractError, match=r"data\.time"):
        history(BytesSource(b"x,y\n"), DataContract.of({**SPEC["data"], "time": None}), "y")


@pytest.mark.parametrize(("persist", "matters", "first"), [(1, True, "2025-04-11"), (3, True, "2025-05-01"), (1, False, None)])
def test_drift_that_persists_and_matters_starts_a_training(persist, matters, first):
    spec = {**SPEC, "monitor": {**SPEC["monitor"], "persist": persist}}
    report = played(0.0, rule(on=["drift"], cooldown_days=1_000, min_share=0), spec=spec, drift=lambda before, now: ("drift", ["x"] if matters else ["other"]))
    assert [event["time"][:10] for event in report["managed"]["events"] if event["what"].startswith("retrained")] == ([first] if first else [])


def test_a_history_larger_than_a_dataset_may_be_is_trained_on_by_its_newest_rows():
    lines = ["at,x,y", *(f"2025-01-01T{hour:02}:{minute:02}:00,1.{minute:02}1,1" for hour in range(24) for minute in range(60))]
    result, _ = history(BytesSource("\n".join(lines).encode()), DataContract.of(SPEC["data"]), "y")
    size = len(lines[1]) + 1
    assert result.fitting(slice(0, 100), 10 * size) == slice(90, 100)
    assert result.fitting(slice(0, 100), 10 * size - 1) == slice(91, 100)
    assert result.fitting(slice(95, 100), 10 * size) == slice(95, 100)
    assert result.fitting(slice(0, 100), 100 * size) == slice(0, 100)
    assert result.fitting(slice(0, 0), 1) == slice(0, 0)


def test_a_history_of_which_no_row_is_good_says_what_is_wrong_with_them():
    with pytest.raises(ContractError, match="at Type × 2"):
        history(BytesSource(b"at,x,y\n31.12.2024,1,1\n30.12.2024,1,0\n"), DataContract.of(SPEC["data"]), "y")
