"""Writes the files of a run from a split dataset, a few rows at a time."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from noria.data.contract import SMOKE_ROWS
from noria.data.shuffle import sample, shuffled
from noria.data.split import truth_columns, truth_rows
from noria.kernel import lake
from noria.preprocessing import fitting

if TYPE_CHECKING:
    from pathlib import Path

    from noria.data.contract import DataContract
    from noria.data.split_file import SplitFile
    from noria.preprocessing.fitting import Fitted

NAMES = (lake.TRAINING_SET, lake.HOLDOUT, lake.HOLDOUT_TRUTH, lake.SMOKE_ROWS, lake.SHUFFLED_ROWS)


class RunFiles:
    """The training set, the holdout, its ground truth, its first rows, and its shuffled sample, in a local folder.

    Attributes:
        paths: of the files, by their names in the folder of the run.
    """

    def __init__(self, folder: Path, contract: DataContract, target: str, parts: SplitFile, fitted: Fitted | None) -> None:
        self._contract, self._target, self._parts, self._fitted = contract, target, parts, fitted
        self.paths = {name: folder / name.replace("/", "-") for name in NAMES}

    def write(self) -> None:
        """Write all of them in one pass over the rows."""
        with ExitStack() as files:
            writers = {
                name: csv.writer(files.enter_context(path.open("w", encoding="utf-8", newline="")), lineterminator="\n") for name, path in self.paths.items()
            }
            fitted = self._fitted
            writers[lake.TRAINING_SET].writerow(fitting.training_header(fitted, self._target) if fitted else self._parts.names)
            written = 0
            for rows in self._parts.rows():
                if written < self._parts.train:
                    writers[lake.TRAINING_SET].writerows(fitting.training_rows(fitted, self._target, self._parts.names, rows) if fitted else rows)
                else:
                    self._write_held(writers, rows, written - self._parts.train)
                written += len(rows)

    def _write_held(self, writers: dict[str, Any], rows: list[list[str]], begin: int) -> None:
        """Rows of the holdout, the first of which has a place in it; with the last of them the shuffled sample is complete."""
        features, truth = ([self._parts.names.index(name) for name in names] for names in self._columns)
        held = [[row[place] for place in features] for row in rows]
        writers[lake.HOLDOUT].writerows(held)
        writers[lake.HOLDOUT_TRUTH].writerows(truth_rows(self._contract, [[row[place] for place in truth] for row in rows]))
        writers[lake.SMOKE_ROWS].writerows(held[: max(0, SMOKE_ROWS - begin)])
        if not begin:
            self._sample: list[list[str]] = []
            self._chosen = sample(self._parts.holdout, len(features))
        self._sample += [held[place - begin] for place in self._chosen if begin <= place < begin + len(held)]
        if begin + len(held) == self._parts.holdout:
            writers[lake.SHUFFLED_ROWS].writerows(shuffled(self._sample))

    @property
    def _columns(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self._contract.features(self._target), truth_columns(self._contract, self._target)
