"""An end to a conversation that never ends: a server that sends a byte now and then."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from threading import Timer


@contextlib.contextmanager
def cut_after(seconds: float, current: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shut the socket that `current` gives when the block still runs after `seconds`.

    Time limits of a socket count from one byte to the next, this one counts from the start.
    What waits for the socket then raises OSError or sees its end.
    """

    def cut() -> None:
        open_socket = current()
        if open_socket is not None:
            with contextlib.suppress(OSError):
                # Of the TCP connection: a TLS socket would first wait to say goodbye.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
