"""Published specs are kept for ever: one that is older than a field is read as if it had the field's default."""

from typing import Any

Json = dict[str, Any]
#: Fields that came after the first version, by their block: what they are where a document lacks them.
FIELD_DEFAULTS: dict[tuple[str, ...], Json] = {
    ("preprocess",): {"script": None, "columns": {}, "lags": []},
    ("approve",): {"freeze": []},
    ("approve", "policy"): {"most_days": None},
    ("evaluate",): {"instance": "ml.m5.large"},
    ("evaluate", "split"): {"group": []},
    ("serve",): {"autoscale": None, "answers": {"between": None, "values": None}},
    ("rollout", "guard"): {"answers": None},
    ("monitor",): {"capture": 0, "truth_days": 30, "silent_days": 7, "persist": 1},
    ("monitor", "quality"): {"metric": None, "margin": 0.05, "at_least": None},
    ("heal",): {
        "on": [],
        "drift_weight": 0.1,
        "cooldown_days": 7,
        "min_rows": 500,
        "min_share": 0.1,
        "a_day": 1,
        "a_month": 4,
        "budget": None,
        "off_peak": None,
        "data": "recent",
        "recent_days": 365,
        "give_up_after": 3,
    },
}


def with_defaults(spec: Json) -> Json:
    """A document with every field of the present version; the given one is left as it is."""
    made = {name: dict(block) if isinstance(block, dict) else block for name, block in spec.items()}
    for path, fields in FIELD_DEFAULTS.items():
        block = made
        for name in path:
            block[name] = dict(block.get(name, {}))
            block = block[name]
        for name, default in fields.items():
            block.setdefault(name, default)
    if isinstance(made["serve"].get("instance"), str):
        made["serve"]["instance"] = [made["serve"]["instance"]]
    return made
