"""A complete window of traffic against what the serving version was trained and evaluated on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from noria.adapters import objects
from noria.data.contract import DataContract
from noria.data.rows import column_fault
from noria.kernel.json import Json
from noria.monitoring import drift
from noria.monitoring.charts import pictures
from noria.profile import baseline
from noria.profile.baseline import profile_rows
from noria.profile.dataset import Profile
from noria.training import cbpe, quality
from noria.training.score_holdout import lines

#: The column under which predictions are profiled.
PREDICTION = "#prediction"


@dataclass(frozen=True)
class Reference:
    """Where lies what is compared with.

    Attributes:
        lake, artifacts: buckets.
        dataset: folder of the dataset that the version was trained on.
        run: folder of its run.
        level: what its evaluation has shown, or null.
    """

    lake: str
    artifacts: str
    dataset: str
    run: str
    level: Json | None


def compare(known: Reference, spec: Json, window: Profile, message: dict[str, int]) -> Json:
    """The verdict on the window's inputs and predictions, with pictures, and its quality as the probabilities tell it.

    Args:
        message: answers of the window by `noria.training.cbpe.seen`.

    Returns:
        What `noria.monitoring.drift.check` does, with `predictions`, `pictures` and `estimate` (or null).
    """
    contract, target = DataContract.of(spec["data"]), spec["target"]
    reference = Profile.from_bytes(objects.read(known.lake, f"{known.dataset}data.profile"))
    parts = baseline.by_rows(baseline.unpacked(objects.read(known.lake, f"{known.dataset}blocks.profile")), window.rows) if contract.time else None
    watched = {name for name, column in contract.columns.items() if column.drift != "ignore" and name != target}
    judged = drift.check(reference, window, parts, [name for name in reference.columns if name not in watched], tolerated=spec["data"]["bad_rows"]["at_most"])
    held = lines(objects.read(known.artifacts, f"{known.run}predictions/candidate/holdout.csv.out").decode())
    answers = [row[0] for row in held]
    before = profile_rows([PREDICTION], [[answer] for answer in answers])
    size = max(24, len(answers) // baseline.MOST_BLOCKS)
    singles = [profile_rows([PREDICTION], [[answer] for answer in answers[i : i + size]]) for i in range(0, len(answers), size)]
    report = drift.check(before, window, baseline.by_rows(singles, window.rows) if contract.time else None, contract.features(target))
    return {
        **judged,
        "predictions": report["columns"].get(PREDICTION),
        "pictures": pictures(judged, reference, window),
        "estimate": _estimate(known, spec, held, message),
    }


def _estimate(known: Reference, spec: Json, answers: list[list[str]], message: dict[str, int]) -> Json | None:
    if known.level is None or not message:
        return None
    level = quality.QualityBaseline.of(known.level)
    truth = lines(objects.read(known.artifacts, f"{known.run}truth/truth.csv").decode())
    held = [(true[0], answer[0], answer[1] if len(answer) > 1 else "") for true, answer in zip(truth, answers, strict=True)]
    calibration = cbpe.calibrate(spec["task"], held)
    return cbpe.estimate(level.metric, calibration, message, level.design_effect) if calibration else None


def against_contract(contract: DataContract, names: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[int, Counter[str]]:
    """How many rows of these columns break the contract, and how often by which column and in which way."""
    columns = [(name, contract.columns[name]) for name in names]
    broken, result = 0, Counter[str]()
    for row in rows:
        faults = [f"{name} {fault}" for (name, column), value in zip(columns, row, strict=True) if (fault := column_fault(column, value))]
        broken += bool(faults)
        result.update(faults)
    return broken, result
