"""A process that runs tests in a copy of the repository, each time in a fresh fork in which all but the product is imported.

It reads jobs and writes reports, one JSON object a line. Its working folder is the root of the copy.
"""

import importlib
import json
import os
import resource
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from bench.mutation.lines import Lines
from bench.mutation.plugin import Chosen

Json = dict[str, Any]
#: What the tests and the product import of others, and that takes long. PyArrow begins a thread, which no fork takes along.
PRELOADED = (
    *("aws_lambda_powertools", "boto3", "botocore.validate", "datasketches", "moto.s3.models", "numpy", "pydantic"),
    *("rich.console", "typer", "yaml"),
)
#: A mutant may ask for memory without end.
MOST_MEMORY = 8 << 30
REPORT, LOG, LINES = Path("mutant.json"), Path("mutant.log"), Path("lines.json")


def main() -> None:
    """Serve jobs until the input ends."""
    reports, sys.stdout = sys.stdout, sys.stderr
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(report(json.loads(line))), file=reports, flush=True)


def report(job: Json) -> Json:
    """Run one job in a child process.

    Args:
        job: `tests` (ids in their order, or nothing for all), `paths` (files or folders to collect), and either `lines` (the folder of
            the modules of which it is written to `LINES` which test ran which line) or `cpu` and `wall` (most seconds).

    Returns:
        `ended` (`passed`, `failed` or `timeout`), `failures` and `seconds`, the last two as `Chosen` has them.
    """
    REPORT.unlink(missing_ok=True)
    if (child := os.fork()) == 0:
        _become(job)
    handle = os.pidfd_open(child)
    in_time = bool(select.select([handle], [], [], job.get("wall"))[0])
    os.close(handle)
    _end_group(child)
    _, status = os.waitpid(child, 0)
    if not in_time or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return {"ended": "timeout", "failures": [], "seconds": {}}
    if REPORT.exists():
        return json.loads(REPORT.read_text())  # type: ignore[no-any-return]
    return {"ended": "failed", "failures": [("the process", f"ended with {status}: {LOG.read_text()[-300:]}")], "seconds": {}}


def _end_group(leader: int) -> None:
    """End what a child has started, and itself where it still runs."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _become(job: Json) -> None:
    """Be the child: run the tests, write the report, and end without any clean-up of the parent's."""
    try:
        os.setsid()
        _redirect()
        if limit := job.get("cpu"):
            resource.setrlimit(resource.RLIMIT_CPU, (round(limit), round(limit) + 5))
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
            # What is compiled of a mutant must not outlive it.
            sys.dont_write_bytecode, os.environ["PYTHONDONTWRITEBYTECODE"] = True, "1"
        REPORT.write_text(json.dumps(_tested(job)))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _redirect() -> None:
    log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def _tested(job: Json) -> Json:
    lines = Lines(job["lines"]) if job.get("lines") else None
    chosen = Chosen(job["tests"], lines.enter) if lines else Chosen(job["tests"])
    code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *job["paths"]], plugins=[chosen])
    if lines:
        LINES.write_text(json.dumps(lines.by_context()))
    failed = bool(chosen.failures) or code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    failures = chosen.failures or ([("collection", f"pytest ended with {int(code)}")] if failed else [])
    return {"ended": "failed" if failed else "passed", "failures": failures, "seconds": chosen.seconds}


if __name__ == "__main__":
    main()
