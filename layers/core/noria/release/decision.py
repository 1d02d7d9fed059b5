"""Decisions on a challenger after one look."""

UNDO, PROMOTE, SHIFT, WAIT, HOLD = "undo", "promote", "shift", "wait", "hold"
#: Somebody has changed the endpoint by hand: it is left as it is.
CHANGED = "changed"
