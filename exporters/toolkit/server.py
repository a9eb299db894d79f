"""The HTTP server: one thread a connection, TLS handshake in that thread, drains at the end.

Python's own servers shake hands in the accepting thread: one silent client then
blocks everybody. Here it costs one thread for a few seconds.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

from exporters.toolkit.connections import Connections, Link
from exporters.toolkit.handler import Handler
from exporters.toolkit.pulse import Pulse
from exporters.toolkit.routes import Request, Response
from exporters.toolkit.tls import carries_one_of
from exporters.toolkit.webgate import WebGate
from inventory.process.logs import get_logger

HANDSHAKE_SECONDS = 5.0
BACKLOG = 128

_log = get_logger("vigie.web")


class Refused(Exception):
    """A connection that is not served, and why."""


class Server:
    """Serves `answer` on sockets that are already bound; `health` answers its own calls."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        gate: WebGate,
        answer: Callable[[Request], Response],
        connections: Connections | None = None,
        *,
        handshake_seconds: float = HANDSHAKE_SECONDS,
        health: Callable[[Request], Response] | None = None,
    ) -> None:
        self._sockets = tuple(sockets)
        self._gate = gate
        self._answer = answer
        self._health = health or answer
        self._handshake_seconds = handshake_seconds
        self._connections = connections or Connections()
        self._pulse = Pulse()
        self._stopping = False
        self._wake, self._woken = socket.socketpair()
        self._threads: list[Thread] = []

    def start(self) -> None:
        """Listen and accept, in threads."""
        for listener in self._sockets:
            listener.listen(BACKLOG)
            # Another process may share the socket and take the connection we were told of.
            listener.setblocking(False)
            thread = Thread(target=self._accept, args=(listener,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def answers(self, seconds: float) -> bool:
        """Whether every listener answers a call of our own within `seconds`."""
        share = seconds / max(1, len(self._sockets))
        return all(self._pulse.beats(listener, share) for listener in self._sockets)

    def stop(self, seconds: float) -> bool:
        """Accept nobody any more, let running requests end. Return whether they did in time."""
        self._stopping = True
        # Not shutdown(), which would also deafen the systemd that lent us the socket.
        self._wake.close()
        for thread in self._threads:
            thread.join()
        for listener in self._sockets:
            listener.close()
        self._woken.close()
        return self._connections.drain(seconds)

    def _accept(self, listener: socket.socket) -> None:
        events = select.poll()
        events.register(listener, select.POLLIN)
        events.register(self._woken, select.POLLIN)
        while True:
            events.poll()
            if self._stopping:
                return
            try:
                stream, peer = listener.accept()
            except BlockingIOError:
                continue
            except OSError:
                # Out of file descriptors, most likely: connections end, so wait a little.
                time.sleep(0.05)
                continue
            link = self._connections.admit(stream)
            try:
                Thread(target=self._serve, args=(link, peer), daemon=True).start()
            except RuntimeError:
                self._end(link)

    def _serve(self, link: Link, peer: Any) -> None:
        try:
            link.stream.setblocking(True)
            link.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._pulse.is_ours(peer):
                Handler(link, peer, self._connections, self._health)
            else:
                self._secure(link)
                Handler(link, peer, self._connections, self._answer)
        except (OSError, Refused) as error:
            # Scanners and clients that leave are no event for the operator.
            _log.debug("connexion close", peer=str(peer[0]), reason=str(error))
        finally:
            self._end(link)

    def _secure(self, link: Link) -> None:
        gate = self._gate.current()
        if gate.context is None:
            return
        link.stream.settimeout(self._handshake_seconds)
        stream = gate.context.wrap_socket(
            link.stream, server_side=True, do_handshake_on_connect=False
        )
        link.stream = stream
        stream.do_handshake()
        tls = gate.config.tls_server_config
        allowed = tls.client_allowed_sans if tls else ()
        if allowed and not carries_one_of(stream, allowed):
            raise Refused("certificat du client hors de client_allowed_sans")

    def _end(self, link: Link) -> None:
        self._connections.forget(link)
        link.shut()
        link.stream.close()
