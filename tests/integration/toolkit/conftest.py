"""A real vigie-exporter process with a third party's wheel beside it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parent / "sample_plugin"
SCRIPT = Path(sys.executable).with_name("vigie-exporter")
INVENTORY = files("inventory") / "example.yml"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class Exporter:
    process: subprocess.Popen
    log: Path
    port: int

    def get(
        self,
        path: str = "/metrics",
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        tls: ssl.SSLContext | None = None,
        timeout: float = 20,
    ) -> Answer:
        connection = (
            http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=tls)
            if tls
            else http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        )
        try:
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def terminate(self) -> int:
        """Ask it to stop; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def wait_for_log(self, words: str, seconds: float = 15) -> str:
        end = time.monotonic() + seconds
        while words not in self.log.read_text():
            assert time.monotonic() < end, f"« {words} » not in the log:\n{self.log.read_text()}"
            time.sleep(0.02)
        return self.log.read_text()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the sample's wheel is installed, as pip --target would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=SAMPLE, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


@pytest.fixture
def run(site: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Run the command to its end."""

    def go(*flags: object, mark: Path | None = None) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(SCRIPT), *map(str, flags)], cwd=tmp_path, env=_environment(site, mark),
            check=False, capture_output=True, text=True, timeout=30,
        )  # fmt: skip

    return go


def _environment(site: Path, mark: Path | None = None) -> dict[str, str]:
    extra = {"VIGIE_SAMPLE_MARK": str(mark)} if mark else {}
    return {**os.environ, "PYTHONPATH": str(site), **extra}


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    """Write an exporter.yml with these collectors (YAML flow)."""

    def write(collectors: str = "{}", more: str = "") -> Path:
        path = tmp_path / "exporter.yml"
        path.write_text(f"inventory: {INVENTORY}\ncollectors: {collectors}\n{more}")
        return path

    return write


@pytest.fixture
def start(site: Path, tmp_path: Path) -> Iterator[Callable[..., Exporter]]:
    """Start the process on a port the system chooses; all are ended after the test."""
    running: list[subprocess.Popen] = []

    def go(path: Path, *flags: object, mark: Path | None = None) -> Exporter:
        log = tmp_path / f"exporter-{len(running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(SCRIPT), "--config", str(path), "--web.listen-address", "127.0.0.1:0",
                 "--collector.disable-defaults", *map(str, flags)],
                cwd=tmp_path, env=_environment(site, mark), stdout=output, stderr=output,
            )  # fmt: skip
        running.append(process)
        exporter = Exporter(process, log, 0)
        text = exporter.wait_for_log("collectors=")
        exporter.port = int(re.findall(r"addresses=127\.0\.0\.1:(\d+)", text)[0])
        return exporter

    yield go
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)
            raise


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The folder of the gate collector: it hangs while ``shut`` exists there."""
    folder = tmp_path / "gate"
    folder.mkdir()
    return folder
