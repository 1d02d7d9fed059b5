"""How a served model can be: the names of its states; and what a look hands to the next one."""

from typing import Any

OK, UNDECIDED = "ok", "undecided"
#: Its quality has fallen; its inputs have changed; a feed broke.
DEGRADED, DRIFT, INCIDENT = "degraded", "drift", "incident"
#: More of what it is asked breaks the contract than the contract allows.
CONTRACT = "contract"
#: It is as good as when it was released, and an earlier version of it was better.
BELOW_BEST = "faded"
#: Nobody asks it; nobody tells what was true. Neither is a good sign, nor a bad one.
NO_TRAFFIC, NO_TRUTH = "no_traffic", "no_truth"

#: What a window holds before anything was asked: its looks, and what has been counted of them.
EMPTY_WINDOW: dict[str, Any] = {
    "window": [],
    "window_rows": 0,
    "window_since": None,
    "window_times": [],
    "window_said": {},
    "window_faults": {},
    "window_broken": 0,
}
#: What there is before the first look (`noria.monitoring.read_window`).
FIRST_LOOK: dict[str, Any] = {
    "number": 0,
    "labelled": [],
    "release": None,
    "after": None,
    "read": [],
    "truths": [],
    "scored": [],
    "days": {},
    "history": {},
    "waiting": {},
    "recent": [],
    **EMPTY_WINDOW,
    "held": [],
    "last_prediction": None,
    "last_truth": None,
    "drift": None,
    "drifted": 0,
    "newest_known": None,
    "trained_rows": 0,
}
