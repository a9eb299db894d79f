"""The process's HTTP server: listens before anything starts, drains before it ends."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

_DRAIN_SECONDS = 8


class PortTaken(Exception):
    """The address cannot be listened on. The message is French."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raise PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"impossible d'écouter sur {host}:{port} ({error.strerror}) ;"
            " un autre processus l'occupe, ou l'adresse n'est pas de cette machine"
        ) from None
    return listener


def serve(app: FastAPI, listener: socket.socket, started: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then answer what has begun; `started` runs at the start."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            # Callback URLs carry phone numbers and message tokens.
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            lifespan="off",
        )
    )
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    # In a thread of its own, uvicorn leaves the signals to us and so the exit status too.
    thread = threading.Thread(target=server.run, args=([listener],), name="http")
    thread.start()
    started()
    while not stop.wait(0.5) and thread.is_alive():
        pass
    server.should_exit = True
    thread.join()
