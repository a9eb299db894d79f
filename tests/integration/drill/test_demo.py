"""The demo as a person uses it: up, looked at, Ctrl-C, up again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from deploy.estate.ports import Ports, free_base

VIGIE = Path(sys.executable).with_name("vigie")


def processes_of(folder: Path) -> list[str]:
    """Command lines of the processes that name `folder` or stand in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                where = str((entry / "cwd").readlink())
            except (OSError, UnicodeDecodeError):
                continue
            if str(folder) in command or where.startswith(str(folder)):
                found.append(command)
    return found


def start(folder: Path, base: int) -> tuple[subprocess.Popen[str], str]:
    """A demo that has printed its addresses, and what it printed."""
    demo = subprocess.Popen(
        [VIGIE, "demo", "--folder", folder, "--port-base", str(base)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    shown = ""
    for line in demo.stdout:
        shown += line
        if "Ctrl-C arrête tout" in line:
            return demo, shown
    raise AssertionError(shown)


@pytest.mark.timeout(300)
def test_ctrl_c_stops_everything_and_a_second_start_works(open_folder):
    base, folder = free_base(), open_folder / "d"
    for _ in range(2):
        demo, shown = start(folder, base)
        try:
            assert f"http://127.0.0.1:{base + 31}/" in shown
            page = requests.get(Ports(base).url("status"), timeout=10).text
            assert "Tous les services fonctionnent" in page
            second = subprocess.run(
                [VIGIE, "demo", "--folder", folder, "--port-base", str(base)],
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert second.returncode == 1
            assert "tourne déjà" in second.stderr
        finally:
            demo.send_signal(signal.SIGINT)
            said = demo.communicate(timeout=60)[0]
        assert demo.returncode == 0, said
        assert "Traceback" not in said
        end = time.monotonic() + 5
        while processes_of(folder) and time.monotonic() < end:
            time.sleep(0.1)
        assert processes_of(folder) == []
        assert Ports(base).taken() == {}


@pytest.mark.timeout(120)
def test_a_server_that_cannot_start_is_named_and_nothing_stays(open_folder):
    folder, base = open_folder / "d", free_base()
    environment = {**os.environ, "PATH": f"{VIGIE.parent}:/usr/bin:/bin:/usr/sbin:/sbin"}
    broken = open_folder / "bin"
    broken.mkdir()
    (broken / "prometheus").write_text("#!/bin/sh\necho 'panne de disque'; exit 3\n")
    (broken / "prometheus").chmod(0o755)
    environment["PATH"] = f"{broken}:{environment['PATH']}"
    done = subprocess.run(
        [VIGIE, "demo", "--folder", folder, "--port-base", str(base)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Prometheus s'est arrêté au démarrage" in done.stderr
    assert "panne de disque" in done.stderr
    assert "Traceback" not in done.stderr
    assert processes_of(folder) == []
    assert Ports(base).taken() == {}
