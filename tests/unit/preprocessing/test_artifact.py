"""The artifact that a framework container loads."""

import ast
import csv
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import noria
from noria.preprocessing import artifact
from tests.unit.preprocessing.rides import DAILY, WHOLE, fit, hours

#: Python of the oldest container that the artifact is loaded into.
OLDEST = (3, 10)


def _csv(rows: list[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


def test_the_artifact_needs_nothing_but_an_old_python(tmp_path):
    transform, document, _ = fit(hours(["1", "2", ""] * 20), WHOLE, (DAILY,))
    with tarfile.open(fileobj=io.BytesIO(artifact.pack(document))) as tar:
        tar.extractall(tmp_path, filter="data")
    script = "import sys; sys.path.insert(0, sys.argv[1] + '/code'); import inference as i; t = i.model_fn(sys.argv[1])\n"
    script += "sys.stdout.write(i.transform_fn(t, sys.stdin.read(), 'text/csv', 'text/csv')[0])"
    requests = [["2024-01-03T13:00:00", "B", "", "hail", ""], ["2024-01-03T14:00:00Z", "A", "0.1", 'a "b", c', "true"]]
    ended = subprocess.run([sys.executable, "-I", "-S", "-c", script, str(tmp_path)], input=_csv(requests), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == _csv(transform.rows(requests))
    for path in Path(tmp_path, "code").rglob("*.py"):
        ast.parse(path.read_text(), feature_version=OLDEST)


def test_the_same_fit_is_the_same_artifact():
    rows = hours(["1", "2", ""] * 20)
    assert artifact.pack(fit(rows, WHOLE, (DAILY,))[1]) == artifact.pack(fit(rows, WHOLE, (DAILY,))[1])
    assert {path.name for path in Path(noria.__path__[0], "preprocessing").glob("*.py")} >= {Path(name).name for name in artifact.SHIPPED if "prep" in name}
