"""The gates of a published spec, as decisions read them; `noria.spec.training` has the rules for writing them."""

from dataclasses import dataclass

from noria.kernel.json import Json

#: Metrics by task, and those of which less is better.
METRICS: dict[str, tuple[str, ...]] = {
    "binary": ("accuracy", "f1", "precision", "recall"),
    "multiclass": ("accuracy", "f1", "precision", "recall"),
    "regression": ("mae", "rmse", "r2"),
}
LESS_IS_BETTER = frozenset({"mae", "rmse"})


@dataclass(frozen=True)
class Gate:
    """What a candidate must reach: a fixed limit, or more than the champion on the same rows.

    Attributes:
        margin: against the champion, by how much it must be better; negative forgives.
        confidence: of the one-sided bound that must reach the margin.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    against: str | None = None
    margin: float = 0.0
    confidence: float = 0.95


def watched_metric(spec: Json) -> str:
    """The metric that is watched once a version serves: the one that is named, else the first gate's."""
    return str(spec["monitor"]["quality"]["metric"] or spec["evaluate"]["gates"][0]["metric"])


def gates_of(evaluate: Json) -> tuple[Gate, ...]:
    """The gates of an `evaluate` block; where none is against the champion, the first metric is held against it as well."""
    gates = tuple(Gate(**gate) for gate in evaluate["gates"])
    if any(gate.against for gate in gates):
        return gates
    return (*gates, Gate(metric=gates[0].metric, against="champion"))
