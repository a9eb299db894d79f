"""The process as systemd runs it: a real datagram socket, real inherited descriptors."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from inventory.config import ListenAddress
from inventory.process import bind

SCRIPT = Path(sys.executable).with_name("vigie-exporter")
# What systemd does between fork and exec: descriptor 3, and the pid of who is about to run.
ADOPT = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ['LISTEN_PID'] = str(os.getpid());"
    "os.execv(sys.argv[2], sys.argv[2:])"
)


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(tmp_path / "notify"))
        inbox.settimeout(15)
        yield inbox


@pytest.fixture
def service(config, site, tmp_path, manager):
    """Start the process with these variables; all are ended after the test."""
    running: list[subprocess.Popen] = []

    def go(*flags, lent: socket.socket | None = None, **variables):
        arguments = [SCRIPT, "--config", config(), "--collector.disable-defaults", *flags]
        command = [str(a) for a in arguments]
        if lent is not None:
            command = [sys.executable, "-c", ADOPT, str(lent.fileno()), *command]
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            **{name: str(value) for name, value in variables.items()},
        }
        log = tmp_path / f"log-{len(running)}"
        with log.open("wb") as output:
            # Unlike Popen, systemd leaves 3 open whatever it was before: pass all, 3 is made there.
            process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output,
                pass_fds=(lent.fileno(),) if lent is not None else (),
            )  # fmt: skip
        running.append(process)
        process.log = log
        return process

    yield go
    for process in running:
        process.kill()
        process.wait(timeout=10)


def told(manager: socket.socket, words: str) -> str:
    """The next message that holds `words`."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        message = manager.recv(4096).decode()
        if words in message:
            return message
    raise AssertionError(words)


def get(port: int, path: str = "/metrics") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_systemd_learns_that_it_is_ready_alive_and_stopping(service, manager):
    process = service("--web.listen-address", "127.0.0.1:0", WATCHDOG_USEC=400_000)
    ready = told(manager, "READY=1")
    port = int(re.findall(r"STATUS=À l'écoute sur 127\.0\.0\.1:(\d+) : aucun", ready)[0])
    assert get(port)[0] == 200
    began = time.monotonic()
    for _ in range(4):
        told(manager, "WATCHDOG=1")
    assert time.monotonic() - began < 4
    process.send_signal(signal.SIGTERM)
    assert "STATUS=" in told(manager, "STOPPING=1")
    assert process.wait(timeout=15) == 0


def test_a_stopped_process_gives_no_sign_of_life(service, manager):
    process = service("--web.listen-address", "127.0.0.1:0", WATCHDOG_USEC=400_000)
    told(manager, "WATCHDOG=1")
    process.send_signal(signal.SIGSTOP)
    manager.settimeout(0.5)
    with pytest.raises(TimeoutError):
        told(manager, "never said")  # reads what was sent before it stopped


def test_the_socket_of_systemd_survives_a_restart_and_loses_no_scrape(service, manager):
    with bind(ListenAddress("127.0.0.1", 0)) as lent:
        lent.listen()
        port = lent.getsockname()[1]
        flags = ("--web.systemd-socket", "--web.listen-address", "127.0.0.1:1")
        first = service(*flags, lent=lent, LISTEN_FDS=1, LISTEN_FDNAMES="vigie-exporter.socket")
        assert f"127.0.0.1:{port} :" in told(manager, "READY=1")
        assert get(port)[0] == 200
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=15) == 0
        answers: list = []
        between = threading.Thread(target=lambda: answers.append(get(port)))
        between.start()
        second = service(*flags, lent=lent, LISTEN_FDS=1)
        told(manager, "READY=1")
        between.join(timeout=15)
        assert answers[0][0] == 200
        assert second.poll() is None


def test_no_socket_from_systemd_is_a_sentence(service):
    process = service("--web.systemd-socket")
    assert process.wait(timeout=15) == 1
    assert "systemd n'a transmis aucune prise" in process.log.read_text()
    assert "Traceback" not in process.log.read_text()


def test_sighup_reads_the_web_configuration_again(service, manager, tmp_path):
    web = tmp_path / "web.yml"
    web.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    process = service("--web.listen-address", "127.0.0.1:0", "--web.config.file", web)
    port = int(re.findall(r"127\.0\.0\.1:(\d+)", told(manager, "READY=1"))[0])
    name = r"vigie_exporter_web_configuration_loaded_timestamp_seconds (\S+)"
    before = re.findall(name, get(port)[1])
    process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 10
    while re.findall(name, get(port)[1]) == before:
        assert time.monotonic() < end
    assert "configuration web relue" in process.log.read_text()


def test_signals_that_come_while_collectors_are_built_are_kept(service, config, site, tmp_path):
    gate = tmp_path / "gate"
    gate.mkdir()
    (gate / "shut").touch()
    slow = config(f"{{sample_slow: {{folder: {gate}}}}}").rename(tmp_path / "slow.yml")
    process = service("--config", slow, "--web.listen-address", "127.0.0.1:0", PYTHONPATH=site)
    end = time.monotonic() + 15
    while not (gate / "building").exists():
        assert time.monotonic() < end, process.log.read_text()
        time.sleep(0.02)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    (gate / "shut").unlink()
    assert process.wait(timeout=15) == 0, process.log.read_text()
    assert (gate / "closed").exists()
