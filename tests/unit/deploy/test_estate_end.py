"""Whatever ends a demo or a drill, what it started is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, time
from deploy.cli._estate import guarded, say

def run():
    try:
        say("en route")
        time.sleep(30)
    finally:
        say("arrêt")  # nobody reads it any more
        os.write(1, b"stopped")
    return 0

sys.exit(guarded(run))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_stops_it_though_nobody_reads_its_progress_any_more(number: int) -> None:
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=writing
    )
    os.close(writing)
    try:
        assert os.read(reading, 100)  # it is on its way
        os.close(reading)
        child.send_signal(number)
        out, _ = child.communicate(timeout=30)
    finally:
        child.kill()
        child.wait()
    assert out == b"stopped"
    assert child.returncode == 1
