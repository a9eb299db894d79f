"""The open connections: how many, which are at work, which can make room or be closed to stop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from threading import Condition
from time import monotonic

LIMIT = 256
"""Connections kept at once; beyond, the oldest one that has asked nothing yet makes room."""


class Link:
    """One connection. `stream` is replaced by its TLS form once the handshake is done."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.busy = False

    def shut(self) -> None:
        """Wake whoever reads from it; reading then says that it is over."""
        with contextlib.suppress(OSError):
            # On the plain socket: TLS would first want to say goodbye to a silent peer.
            socket.socket.shutdown(self.stream, socket.SHUT_RDWR)


class Connections:
    """The set of open connections, oldest first. Thread-safe."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._links: dict[Link, None] = {}
        self._changed = Condition()
        self._draining = False

    def __len__(self) -> int:
        return len(self._links)

    @property
    def draining(self) -> bool:
        """Whether no further request is wanted."""
        return self._draining

    def admit(self, stream: socket.socket) -> Link:
        """Take a connection in; when there are too many, shut the oldest idle one."""
        link = Link(stream)
        with self._changed:
            if len(self._links) >= self._limit:
                idle = next((other for other in self._links if not other.busy), link)
                idle.shut()
                self._links.pop(idle, None)
            self._links[link] = None
        return link

    def forget(self, link: Link) -> None:
        """A connection has ended."""
        with self._changed:
            self._links.pop(link, None)
            self._changed.notify_all()

    @contextlib.contextmanager
    def at_work(self, link: Link) -> Iterator[None]:
        """While a request is answered, its connection is not shut."""
        with self._changed:
            link.busy = True
        try:
            yield
        finally:
            with self._changed:
                link.busy = False
                self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Shut the idle ones and wait for those at work. Return whether all had ended in time."""
        end = monotonic() + seconds
        with self._changed:
            self._draining = True
            while True:
                for link in self._links:
                    if not link.busy:
                        link.shut()
                busy = any(link.busy for link in self._links)
                if not busy or monotonic() >= end:
                    return not busy
                self._changed.wait(end - monotonic())
