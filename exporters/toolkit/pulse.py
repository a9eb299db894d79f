"""A server that calls itself, as a client would, to know whether it still answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_MAPPED = "::ffff:127.0.0.1"


def near(listener: socket.socket) -> tuple[Any, ...]:
    """The address at which `listener` can be called from this machine."""
    host, port, *scope = listener.getsockname()
    if host == "::" and not listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        # It takes IPv4 as well, and ::1 is not there on hosts that switch IPv6 off.
        host = _MAPPED
    # The scope says on which interface a link-local address is meant.
    return _ANYWHERE.get(host, host), port, *scope


class Pulse:
    """Calls to our own listeners, recognised by their source address: nobody else can have it.

    They are spared TLS and passwords, which the caller could not know.
    """

    def __init__(self) -> None:
        self._ours: set[tuple[str, int]] = set()
        self._lock = Lock()

    def is_ours(self, peer: Any) -> bool:
        """Whether the other end of a connection is this object."""
        with self._lock:
            return tuple(peer[:2]) in self._ours

    def beats(self, listener: socket.socket, seconds: float) -> bool:
        """Whether a request to `listener` is answered 200 within about `seconds`."""
        host, port, *scope = near(listener)
        try:
            with socket.socket(listener.family, socket.SOCK_STREAM) as client:
                client.settimeout(seconds)
                client.bind((host, 0, *scope))
                with self._known(client):
                    client.connect((host, port, *scope))
                    client.sendall(_REQUEST)
                    return client.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False

    @contextmanager
    def _known(self, client: socket.socket) -> Iterator[None]:
        us = client.getsockname()[:2]
        with self._lock:
            self._ours.add(us)
        try:
            yield
        finally:
            with self._lock:
                self._ours.discard(us)
