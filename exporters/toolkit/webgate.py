"""The web configuration in force, re-read when its file or a certificate changes."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic

from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.toolkit.auth import Authenticator
from exporters.toolkit.webconfig import WebConfig, load_web_config
from inventory.config import ConfigurationError
from inventory.process import Clock, system_clock
from inventory.process.logs import get_logger

_log = get_logger("vigie.web")
_RETRY = 5.0
"""Seconds between two readings of a file that was refused."""

Signature = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class Gate:
    """What holds for a connection or a request that arrives now."""

    config: WebConfig
    context: ssl.SSLContext | None
    authenticator: Authenticator


def _sign(paths: tuple[Path, ...]) -> Signature:
    """What changes when one of the files is rewritten, replaced or removed."""

    def one(path: Path) -> tuple[int, int, int] | None:
        try:
            stat = path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    return tuple(one(path) for path in paths)


class WebGate:
    """Gives the gate in force. A new file that is wrong is logged and the last good one kept."""

    def __init__(
        self,
        path: Path | None = None,
        now: Callable[[], float] = monotonic,
        clock: Clock = system_clock,
    ) -> None:
        """Read the file for the first time. Raise ConfigurationError."""
        self._path = path
        self._now = now
        self._clock = clock
        self._loaded = 0.0
        self._lock = Lock()
        self._watched: tuple[Path, ...] = ()
        self._signature: Signature = ()
        self._refused = ""
        self._refused_at = 0.0
        self._gate = Gate(WebConfig(), None, Authenticator({}))
        if path is not None:
            self._read(path)

    def current(self) -> Gate:
        """The gate in force, after a look at the files."""
        if self._path is None:
            return self._gate
        with self._lock:
            changed = _sign(self._watched) != self._signature
            # What a refused file lacks may be put beside it later, where we do not look.
            again = bool(self._refused) and self._now() - self._refused_at > _RETRY
            if changed or again:
                self._reload(self._path)
            return self._gate

    def collect(self) -> Iterable[Metric]:
        """When the configuration in force was read, and whether a newer one was refused."""
        if self._path is None:
            return
        yield GaugeMetricFamily(
            "vigie_exporter_web_configuration_loaded_timestamp_seconds",
            "When the web configuration file and certificates in force were read.",
            value=self._loaded,
        )
        yield GaugeMetricFamily(
            "vigie_exporter_web_configuration_valid",
            "Whether the web configuration file as it is now could be read; 0: an older one holds.",
            value=0 if self._refused else 1,
        )

    def recheck(self) -> None:
        """Read the files now, changed or not."""
        if self._path is not None:
            with self._lock:
                self._reload(self._path)

    def _reload(self, path: Path) -> None:
        try:
            self._read(path)
        except ConfigurationError as error:
            self._refused_at = self._now()
            if str(error) != self._refused:
                self._refused = str(error)
                for fault in error.faults:
                    _log.error("configuration web refusée, la précédente reste", fault=str(fault))
            return
        self._refused = ""
        _log.info("configuration web relue", file=str(path))

    def _read(self, path: Path) -> None:
        while True:
            # Signed before it is read, so that a change in between is seen at the next look.
            watched = self._watched or (path,)
            self._watched, self._signature = watched, _sign(watched)
            config, context = load_web_config(path)
            tls = config.tls_server_config
            self._watched = (path, *(tls.files if tls else ()))
            if self._watched == watched:
                break
        users = config.basic_auth_users
        # The same users keep what bcrypt already proved.
        kept = self._gate.authenticator if users == self._gate.config.basic_auth_users else None
        self._gate = Gate(config, context, kept or Authenticator(users))
        self._loaded = self._clock().timestamp()
