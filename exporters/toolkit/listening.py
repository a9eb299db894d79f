"""The sockets the exporter serves: its own addresses, or those systemd holds for it."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from exporters.toolkit.systemd import inherited_sockets
from inventory.config import ListenAddress
from inventory.process import ListenError, listen


def listen_on(addresses: Sequence[ListenAddress]) -> list[socket.socket]:
    """Sockets that listen on every address. Raise ListenError; none is left open then."""
    sockets: list[socket.socket] = []
    try:
        # An address written twice is one address.
        for address in dict.fromkeys(addresses):
            sockets.append(listen(address))  # noqa: PERF401 - those had so far must be closed
    except ListenError:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def open_sockets(addresses: Sequence[ListenAddress], *, systemd: bool) -> list[socket.socket]:
    """The sockets to serve. Raise ListenError or systemd.SocketError."""
    if systemd:
        return inherited_sockets(os.environ, os.getpid())
    return listen_on(addresses)
