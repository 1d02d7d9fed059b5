"""A copy of the repository, and the process that tests mutants in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Json = dict[str, Any]
#: Environments that a copy shares with the repository, under `.noria`.
SHARED = ("envs", "images", "uv")


class Copy:
    """A copy of the repository's files, in which a worker runs tests; `root` is its folder."""

    def __init__(self, original: Path, root: Path, imports: list[str]) -> None:
        """`imports` are the folders, from the root, that Python imports from."""
        self._original, self.root = original, root
        _copy(original, root)
        paths = os.pathsep.join(str(root / folder) for folder in imports)
        # Sets are gone through in the same order each time.
        own = {"PYTHONPATH": paths, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "bench.mutation.worker"]
        self._worker = subprocess.Popen(command, cwd=root, env={**os.environ, **own}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def report(self, **job: Any) -> Json:
        """What the worker reports of a job."""
        assert self._worker.stdin
        assert self._worker.stdout
        self._worker.stdin.write(json.dumps(job) + "\n")
        self._worker.stdin.flush()
        if not (line := self._worker.stdout.readline()):
            raise RuntimeError(f"the process that runs tests in {self.root} ended with {self._worker.wait()}")
        return json.loads(line)  # type: ignore[no-any-return]

    @contextmanager
    def changed(self, path: str, text: str) -> Iterator[None]:
        """A file with another text for a while.

        Python's compiled files go by size and time in seconds. None is written while a mutant is tried, and the time of a change is
        not that of the original, so that none can stand for a changed file.
        """
        (self.root / path).write_text(text)
        try:
            yield
        finally:
            shutil.copy2(self._original / path, self.root / path)

    def close(self) -> None:
        assert self._worker.stdin
        self._worker.stdin.close()
        self._worker.wait()


@contextmanager
def copies(original: Path, count: int, imports: list[str]) -> Iterator[list[Copy]]:
    """Copies that are gone afterwards."""
    with TemporaryDirectory(prefix="mutants-") as folder:
        places = [Copy(original, Path(folder) / str(number), imports) for number in range(count)]
        try:
            yield places
        finally:
            for copy in places:
                copy.close()


def _copy(original: Path, root: Path) -> None:
    """All files that git knows or does not ignore, as they are on the disk."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=original, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (original / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(original / name, root / name)
    (root / ".noria").mkdir()
    for name in SHARED:
        (root / ".noria" / name).symlink_to((original / ".noria" / name).resolve())
