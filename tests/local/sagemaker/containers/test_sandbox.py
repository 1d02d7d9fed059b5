"""Processes of jobs and servers."""

import os
import subprocess

from local.sagemaker.containers import sandbox


def test_the_id_of_a_process_that_has_ended_gets_no_signal(monkeypatch):
    """GIVEN a process that has ended, whose id another one may have by now THEN its end sends no signal."""
    process = subprocess.Popen(["true"], text=True)
    process.wait()
    signals = []
    monkeypatch.setattr(os, "kill", lambda *signal: signals.append(signal))
    monkeypatch.setattr(os, "killpg", lambda *signal: signals.append(signal))
    sandbox.terminate(process, 1.0)
    assert signals == []
