"""A model that trains in a second, its data, and its way through the loop."""

from pathlib import Path

from cli.base import event_log
from cli.base.session import Session
from cli.data.progress import Stage, follow
from cli.data.upload import upload

LIMIT = 180
#: A small model that trains in a second: its features tell the target almost wholly.
SPEC = """name: {name}
task: binary
target: y
data:
  key: [id]
  columns:
    x: {{type: number, between: [0, 10]}}
  bad_rows: {{at_most: 0.05}}
  min_rows: 50
train: {{image: sklearn, entry: train.py, max_minutes: {minutes}}}
evaluate:
  split: {{by: random, test: 0.2}}
  gates:
    - {{metric: accuracy, at_least: {gate}}}
"""
#: A decision stump, by the standard library alone: of all cuts of `x` the one that tells most rows rightly.
TRAIN = """import csv, json, os
with open(os.environ["SM_CHANNEL_TRAIN"] + "/train.csv") as file:
    rows = [(float(row["x"]), row["y"] == "1") for row in csv.DictReader(file)]
cut = max(sorted({x for x, _ in rows}), key=lambda cut: sum((x > cut) == y for x, y in rows))
with open(os.environ["SM_MODEL_DIR"] + "/model.json", "w") as file:
    json.dump(cut, file)
"""
INFERENCE = """import csv, io, json
class Stump:
    def __init__(self, cut):
        self.cut = cut
    def predict(self, rows):
        return [int(float(row[-1]) > self.cut) for row in rows]
def model_fn(folder):
    with open(folder + "/model.json") as file:
        return Stump(json.load(file))
def input_fn(body, content_type):
    return list(csv.reader(io.StringIO(body)))
def output_fn(predictions, accept):
    return "".join(f"{int(value)}\\n" for value in predictions), "text/csv"
"""


def project(folder: Path, name: str, train: str = TRAIN, inference: str = INFERENCE, gate: float = 0.9, minutes: float = 5) -> Path:
    folder.mkdir(exist_ok=True)
    for file, text in (
        ("model.yaml", SPEC.format(name=name, gate=gate, minutes=minutes)),
        ("train.py", train),
        ("inference.py", inference),
        ("requirements.txt", ""),
    ):
        (folder / file).write_text(text)
    return folder


def data(folder: Path, file: str = "rows.csv", rows: int = 200, bad: int = 0, header: str = "id,x,y", seed: int = 0) -> Path:
    lines = [f"{i + seed},{99 if i < bad else (i * 37 % 100) / 10},{int((i * 37 % 100) / 10 > 4 + seed)}" for i in range(rows)]
    (folder / file).write_text("\n".join([header, *lines]) + "\n")
    return folder / file


def loop(stack: Session, model: str, file: Path) -> list[Stage]:
    return list(follow(stack, upload(stack, model, file), LIMIT))


def told_events(stack: Session, model: str) -> set[str]:
    """Names of the events on record; the record is written after the ledger."""
    return {event["name"] for event in event_log.events(stack, model)}
