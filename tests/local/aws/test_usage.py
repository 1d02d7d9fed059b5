"""Memory of a process tree: pages that processes share count once."""

import subprocess
import sys

import pytest

from local import usage

#: A process that fills so many megabytes and shares them with its children.
FILLED, CHILDREN = 64, 3
FORKING = f"""
import os, time
filled = bytes(bytearray(b"x" * 1024 * 1024) * {FILLED})
for _ in range({CHILDREN}):
    if os.fork() == 0:
        break
else:
    print("forked", flush=True)
time.sleep(60)
"""


@pytest.fixture
def leader():
    """The first process of a session of four."""
    process = subprocess.Popen([sys.executable, "-c", FORKING], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout.readline() == "forked\n"
    yield process.pid
    for pid in usage.session(process.pid):
        subprocess.run(["kill", "-9", str(pid)], check=True)
    process.wait()
    process.stdout.close()


def test_shared_pages_count_once(leader):
    counted = usage.of(usage.session(leader))
    assert (counted.processes, counted.measure) == (1 + CHILDREN, "pss")
    assert FILLED < counted.memory_mb < 2 * FILLED


def test_where_the_kernel_reports_no_proportional_size_it_is_the_resident_one(leader, monkeypatch, tmp_path):
    monkeypatch.setattr(usage, "PROC", tmp_path)
    counted = usage.of(usage.session(leader))
    assert (counted.processes, counted.measure) == (1 + CHILDREN, "rss")
    assert counted.memory_mb > (1 + CHILDREN) * FILLED


def test_a_process_that_has_ended_counts_nothing(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert usage.of({ended.pid}) == usage.Usage(0.0, 0, "rss")
