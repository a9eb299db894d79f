"""Connections to gateways that are over in time, whatever the other side does."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from inventory.config import reason
from inventory.process.cut import cut_after


class NotConnected(Exception):
    """Nothing was said to the gateway. The text (French) says why."""


class Line:
    """One TCP connection, with TLS or without, and how long a conversation on it may last.

    Time limits of a socket count from one byte to the next, this one counts from the start.
    """

    def __init__(self, seconds: float) -> None:
        self.sock: socket.socket | None = None
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    @contextlib.contextmanager
    def bounded(self) -> Iterator[Line]:
        """Whatever waits for the socket within the block fails once its `seconds` are up."""
        self._end = time.monotonic() + self._seconds
        with cut_after(self.left(), lambda: self.sock):
            yield self

    def left(self) -> float:
        """Seconds that are left, never 0: sockets take that for "do not wait"."""
        return max(self._end - time.monotonic(), 0.001)

    @property
    def over(self) -> bool:
        """Whether time is up."""
        return time.monotonic() >= self._end

    def open(self, host: str, port: int) -> socket.socket:
        """Connect. Raise NotConnected."""
        problem = "aucune adresse"
        found = self._addresses(host, port)
        for place, (family, kind, protocol, _name, address) in enumerate(found):
            self.sock = socket.socket(family, kind, protocol)
            # One that swallows everything leaves time for the others.
            self.sock.settimeout(self.left() / (len(found) - place))
            try:
                self.sock.connect(address)
            except OSError as error:
                problem = _in_words(error)
                self.close()
            else:
                self.sock.settimeout(self.left())
                return self.sock
        raise NotConnected(problem)

    def secure(self, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
        """Begin TLS; the certificate must be for `host`. Raise NotConnected."""
        if self.sock is None:
            raise NotConnected("pas de liaison")
        try:
            secured = context.wrap_socket(
                self.sock, server_hostname=host, do_handshake_on_connect=False
            )
            self.sock = secured
            secured.settimeout(self.left())
            secured.do_handshake()  # on the socket that can be cut
        except ssl.SSLCertVerificationError as error:
            raise NotConnected(f"certificat refusé ({error.verify_message})") from None
        except (OSError, ValueError) as error:
            raise NotConnected(f"TLS impossible ({_in_words(error)})") from None
        return secured

    def close(self) -> None:
        """Release the socket."""
        if self.sock is not None:
            self.sock.close()
            self.sock = None

    def _addresses(self, host: str, port: int) -> list[Any]:
        """What the name stands for; the system's resolver has no time limit that is ours."""
        try:
            ip_address(host)
        except ValueError:
            pass
        else:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found: list[Any] = []

        def resolve() -> None:
            with contextlib.suppress(OSError, UnicodeError):
                found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

        resolving = threading.Thread(target=resolve, name="resolver", daemon=True)
        resolving.start()
        resolving.join(self.left())
        if not found:
            raise NotConnected("nom introuvable dans le DNS")
        return found


class Handshake:
    """What `smtplib` and `imaplib` want of an SSLContext, on a line that can be cut."""

    def __init__(self, line: Line, context: ssl.SSLContext, host: str) -> None:
        self._line, self._context, self._host = line, context, host

    def wrap_socket(self, _sock: socket.socket, **_options: Any) -> ssl.SSLSocket:
        """Begin TLS on the line. Raise NotConnected."""
        return self._line.secure(self._context, self._host)


def plain(username: str, secret: str) -> bytes:
    """What SASL PLAIN sends (RFC 4616): UTF-8, whatever the letters."""
    return f"\0{username}\0{secret}".encode()


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """TLS that checks certificates. Raise NotConnected if the authorities cannot be read.

    Made anew each time: the file of authorities may have been renewed.
    """
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ValueError) as error:
        raise NotConnected(f"autorités illisibles ({_in_words(error)})") from None


def _in_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "ne répond pas"
    if isinstance(error, ConnectionRefusedError):
        return "injoignable"
    if isinstance(error, ssl.SSLError):
        return (error.reason or "erreur TLS").lower().replace("_", " ")
    return reason(error) if isinstance(error, OSError) else type(error).__name__
