"""Connections to one libvirt daemon: opened with a back-off, watched by keepalive, counted.

A connection serves one call at a time. libvirt allows more, but up to 9.0 at least its
client may lose the wake-up of a call made beside one that hangs (it releases its lock
just before it enters its loop): the second then hangs too, until something else arrives.

HypervisorUnreachable    libvirt did not answer; the message is libvirt's
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import libvirt

from exporters.hypervisor.libvirtd.event_loop import start_event_loop
from exporters.hypervisor.libvirtd.turns import OPENING, Turns
from exporters.toolkit.collector import CollectorError

KEEPALIVE_SECONDS, KEEPALIVE_PROBES = 2, 2
"""A frozen daemon is given up after about six seconds."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
FIRST_PATIENCE, LONGEST_PATIENCE, MOST_LEFT = 30.0, 3600.0, 8
"""libvirt sets no keepalive on a connection being opened: that of a host that was reset while
its daemon was frozen never ends. It is left behind, the next one for twice as long."""


class HypervisorUnreachable(CollectorError):
    """libvirt did not answer for this hypervisor. The message is libvirt's."""


@dataclass(frozen=True, slots=True)
class Address:
    """A libvirt URI and, where the daemon asks, who we are (SASL). Never shows the password."""

    uri: str
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Address({self.uri!r})"

    def open(self, *, read_only: bool = True) -> Any:
        """A connection of its own, with keepalive. May hang on a frozen daemon.

        Raise libvirt.libvirtError.
        """
        start_event_loop()
        flags = libvirt.VIR_CONNECT_RO if read_only else 0
        wanted = [libvirt.VIR_CRED_AUTHNAME, libvirt.VIR_CRED_PASSPHRASE]
        connection = libvirt.openAuth(self.uri, [wanted, self._answer, None], flags)
        with contextlib.suppress(libvirt.libvirtError):  # none for drivers in process
            connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_PROBES)
        return connection

    def _answer(self, credentials: list[list[Any]], _: Any) -> int:
        for credential in credentials:
            asked = credential[0] == libvirt.VIR_CRED_AUTHNAME
            credential[4] = self.username if asked else self.password
        return 0 if self.username else -1


class _Opening:
    """One opening, in a thread of its own, that can be left behind."""

    def __init__(self, open_connection: Callable[[], Any]) -> None:
        self.connection: Any = None
        self.complaint = "no answer to an opening connection"
        self.over = threading.Event()
        self._left, self._lock = False, threading.Lock()
        threading.Thread(
            target=self._run, args=(open_connection,), name="libvirt-open", daemon=True
        ).start()

    def wait(self, seconds: float | None) -> bool:
        """Whether it ended in time; else what it brings later is closed."""
        if self.over.wait(seconds):
            return True
        with self._lock:
            self._left = not self.over.is_set()
        return not self._left

    def _run(self, open_connection: Callable[[], Any]) -> None:
        connection = None
        try:
            connection = open_connection()
        except libvirt.libvirtError as error:
            self.complaint = str(error)
        with self._lock:
            if not self._left:
                self.connection = connection
            self.over.set()
        if self._left and connection is not None:
            with contextlib.suppress(libvirt.libvirtError):
                connection.close()


class Door:
    """Opens connections to one address, one at a time, no sooner than the back-off allows.

    While it is shut, whoever asks is told why at once, so that no scrape waits for a
    daemon that is known to be down. Doors that share `turns` open one after the other.
    """

    def __init__(self, address: Address, turns: Turns | None = None) -> None:
        self._address, self._turns = address, turns or Turns(OPENING)
        self._opening = threading.Lock()
        self._pause = FIRST_PAUSE
        self._not_before = 0.0
        self._complaint = ""
        self._patience = FIRST_PATIENCE
        self._left: list[_Opening] = []

    def open(self, *, read_only: bool = True) -> Any:
        """A new connection. Raise HypervisorUnreachable."""
        if monotonic() < self._not_before:
            raise HypervisorUnreachable(self._complaint)
        if not self._opening.acquire(blocking=False):
            raise HypervisorUnreachable("connection still being opened")
        try:
            with self._turns.take():
                opening = self._through(read_only)
        finally:
            self._opening.release()
        if opening.connection is None:
            self._complaint = opening.complaint
            self._not_before = monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            raise HypervisorUnreachable(self._complaint)
        self._pause, self._patience = FIRST_PAUSE, FIRST_PATIENCE
        return opening.connection

    def _through(self, read_only: bool) -> _Opening:
        """One attempt. When many are left behind it is waited for, however long it takes."""
        self._left = [one for one in self._left if not one.over.is_set()]
        opening = _Opening(lambda: self._address.open(read_only=read_only))
        if not opening.wait(None if len(self._left) >= MOST_LEFT else self._patience):
            self._left.append(opening)
            self._patience = min(self._patience * 2, LONGEST_PATIENCE)
        return opening
