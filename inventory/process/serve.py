"""Serving HTTP until somebody asks to stop, whatever the library that serves."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable
from typing import Protocol

from inventory.process.signals import SignalInbox


class HttpServer(Protocol):
    """What we need of a server: `uvicorn.Server` is one. This package knows no web library."""

    should_exit: bool
    """Set to True: answer what has begun, then return from `run`."""

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on sockets that listen already."""


def serve_until_stopped(
    server: HttpServer, listener: socket.socket, on_hangup: Callable[[], None] | None = None
) -> bool:
    """Serve until SIGTERM or SIGINT, then let it answer what has begun. Call in the main thread.

    `on_hangup` is called in this thread for each SIGHUP, while the server serves. Return False when
    the server ended by itself, which it should not.
    """
    # Modules and routes live as long as we do: to look for garbage among them takes a tenth of a
    # second, several times a minute under load, in which nobody is answered.
    gc.collect()
    gc.freeze()
    signals = SignalInbox()

    def run() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            signals.end()

    # In a thread of its own, a server leaves the signals to us and so the exit status too.
    thread = threading.Thread(target=run, name="http")
    thread.start()
    asked = signals.wait_for_stop(on_hangup)
    server.should_exit = True
    thread.join()
    return asked
