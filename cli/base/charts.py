"""Draws numbers as blocks for a terminal: series over time, and shares by bin."""

from collections.abc import Mapping, Sequence

from rich.text import Text

Series = Sequence[float | None]
#: Heights of a block, from nothing to the whole.
BLOCKS = " ▁▂▃▄▅▆▇█"
#: Widest line of blocks.
WIDTH = 96


def bars(shares: Sequence[float], most: float) -> str:
    """Shares as blocks; `most` is a whole one."""
    return "".join(BLOCKS[round((len(BLOCKS) - 1) * share / most)] for share in shares)


def spark(series: Mapping[str, Series]) -> Text:
    """Each series as a line of blocks, all on one scale."""
    known = [value for values in series.values() for value in values if value is not None]
    if not known:
        return Text("no window has enough rows")
    low, high = min(known), max(known)
    lines = [f"{name:24} {_line(values, low, (high - low) or 1)}\n" for name, values in series.items()]
    return Text("".join([*lines, f"{'':24} from {low:.3f} to {high:.3f}"]))


def _line(values: Series, low: float, span: float) -> str:
    """One series; several values share a block where there are more than a line holds. A gap is blank."""
    step, blocks = -(-len(values) // WIDTH), ""
    for i in range(0, len(values), step):
        part = [value for value in values[i : i + step] if value is not None]
        # The least value is a low block, not a blank.
        blocks += BLOCKS[1 + int((sum(part) / len(part) - low) / span * (len(BLOCKS) - 2))] if part else " "
    return blocks
