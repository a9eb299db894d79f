"""Exporters as processes of their own: scraped as Prometheus does, and measured.

Ours and those Debian packages run beside each other on one libvirtd, or one mail queue, so
that what they cost and what they tell can be compared in one run.
"""

from __future__ import annotations

import gzip
import http.client
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import psutil
import yaml

from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK, Ports, free_base, is_free

# What Prometheus 2.42 sends.
_HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
    "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
}


def cpu_seconds(pid: int) -> float:
    """CPU time that a process took so far, its ended threads too, to the nanosecond.

    Raise OSError if there is no such process.
    """
    # The kernel's number for a process's CPU clock: clock_getcpuclockid(3) computes the same.
    return time.clock_gettime((~pid << 3) | 2)


@dataclass(frozen=True)
class Scrape:
    """One answer: seconds it took from the request to the last byte, and the page as text."""

    seconds: float
    page: str

    def lines(self, prefix: str) -> list[str]:
        """The sample lines whose metric name begins with `prefix`."""
        return [line for line in self.page.splitlines() if line.startswith(prefix)]


class ExporterProcess:
    """A running exporter: one kept HTTP connection as Prometheus has, and its own cost."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        port: int,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._port = port
        self._http: http.client.HTTPConnection | None = None
        self.child: Child = start_child(name, command, log, env=env)
        self._process = psutil.Process(self.child.pid)
        try:
            self.child.wait_ready(self._listens, 30)
        except BaseException:
            self.child.stop()
            raise

    def scrape(self, timeout: float = 20.0, headers: Mapping[str, str] | None = None) -> Scrape:
        """One scrape that says it waits `timeout` seconds, and does.

        Raise OSError (TimeoutError) or http.client.HTTPException.
        """
        if self._http is None:
            self._http = http.client.HTTPConnection(LOOPBACK, self._port, timeout=timeout)
            self._http.connect()
        self._http.sock.settimeout(timeout)
        asked = {**_HEADERS, "X-Prometheus-Scrape-Timeout-Seconds": f"{timeout:g}"}
        start = time.perf_counter()
        try:
            self._http.request("GET", "/metrics", headers={**asked, **(headers or {})})
            answer = self._http.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self._http.close()
            self._http = None
            raise
        seconds = time.perf_counter() - start
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if answer.status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"{answer.status}: {body[:200]!r}")
        return Scrape(seconds, body.decode())

    @property
    def url(self) -> str:
        """Where it answers, without a path."""
        return f"http://{LOOPBACK}:{self._port}"

    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_seconds(self.child.pid)

    def resident(self) -> int:
        """Bytes of memory it occupies (RSS), what it shares with others included."""
        return int(self._process.memory_info().rss)

    def descriptors(self) -> int:
        """Open file descriptors."""
        return int(self._process.num_fds())

    def threads(self) -> int:
        """Running threads."""
        return int(self._process.num_threads())

    def stop(self) -> None:
        """End it; at once if it does not end by itself within three seconds."""
        if self._http is not None:
            self._http.close()
            self._http = None
        self.child.stop(seconds=3)

    def _listens(self) -> bool:
        return not is_free(self._port)


def start_vigie_exporter(
    folder: Path,
    hypervisors: Mapping[str, str],
    settings: Mapping[str, Any] | None = None,
    flags: Sequence[str] = (),
) -> ExporterProcess:
    """``vigie-exporter`` of this environment with the hypervisor collector alone.

    `hypervisors`: name -> URI; `settings`: more keys of ``collectors.hypervisor``; `flags` of
    its command line.
    Its files go to `folder`. Raise EstateError.
    """
    entries = [{"name": name, "uri": uri} for name, uri in hypervisors.items()]
    return start_exporter_of(
        folder, {"hypervisor": {**(settings or {}), "hypervisors": entries}}, flags
    )


def start_exporter_of(
    folder: Path, collectors: Mapping[str, Any], flags: Sequence[str] = ()
) -> ExporterProcess:
    """``vigie-exporter`` with these ``collectors`` of its configuration and no other.

    Its files go to `folder`. Raise EstateError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "inventory": str(files("inventory") / "example.yml"),
        "state_directory": str(folder / "state"),
        "collectors": dict(collectors),
    }
    path = folder / "exporter.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    port = Ports(free_base())["exporter"]
    command: list[str | Path] = [Path(sys.executable).with_name("vigie-exporter")]
    command += ["--config", path, "--web.listen-address", f"{LOOPBACK}:{port}"]
    command += ["--collector.disable-defaults", *flags]
    # What the systemd unit sets, and does before the start, for the sake of memory.
    env = {
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_TRIM_THRESHOLD_": "131072",
        "MALLOC_MMAP_THRESHOLD_": "65536",
        "PYTHONOPTIMIZE": "2",
        "PYTHONNODEBUGRANGES": "1",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    log = folder / "vigie-exporter.log"
    start_child("vigie-exporter", [*command, "--config.check"], log, env=env).process.wait(60)
    return ExporterProcess("vigie-exporter", command, port, log, env)


def start_debian_exporter(folder: Path, uri: str) -> ExporterProcess:
    """Debian's ``prometheus-libvirt-exporter`` on one libvirt URI. Raise EstateError."""
    port = Ports(free_base())["exporter"]
    command = [
        "prometheus-libvirt-exporter",
        f"--web.listen-address={LOOPBACK}:{port}",
        f"--libvirt.uri={uri}",
    ]
    return ExporterProcess("prometheus-libvirt-exporter", command, port, folder / "debian.log")


def start_debian_postfix_exporter(folder: Path, spool: Path, mail_log: Path) -> ExporterProcess:
    """Debian's ``prometheus-postfix-exporter`` on one Postfix. Raise EstateError."""
    port = Ports(free_base())["exporter"]
    command = [
        "prometheus-postfix-exporter",
        f"--web.listen-address={LOOPBACK}:{port}",
        f"--postfix.showq_path={spool / 'public' / 'showq'}",
        f"--postfix.logfile_path={mail_log}",
    ]
    return ExporterProcess(
        "prometheus-postfix-exporter", command, port, folder / "debian-postfix.log"
    )
