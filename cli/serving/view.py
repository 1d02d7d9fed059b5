"""Prints predictions."""

import json

from rich.text import Text

from cli.base import console
from cli.serving.predict import Predictions


def predictions(result: Predictions) -> None:
    """A line a row: the prediction, what else the model answered, the row and the id."""
    for entry in result.predictions:
        more, row = ",".join(entry.values[1:]), json.dumps(entry.row)
        console.out.print(Text(entry.prediction, style="bold"), Text(more), Text(row, style="dim"), Text(f"id {entry.id}", style="dim"))
