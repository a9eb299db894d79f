"""Gateways that misbehave, for the tests of notifiers: real sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

Script = Callable[[socket.socket], None]
"""What a gateway does with one connection."""


class Gateway:
    """Listens on a free port of loopback and gives each connection to the script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop listening, and end what is still open."""
        # Shut first: closing alone would leave the thread that accepts waiting.
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._script(connection)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def closes(connection: socket.socket) -> None:
    """Reads what is said and hangs up without a word."""
    connection.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while connection.recv(1 << 16):
            pass


def resets(connection: socket.socket) -> None:
    """Reads what is said and resets the connection."""
    closes(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def is_silent(connection: socket.socket) -> None:
    """Reads whatever comes and never answers."""
    while connection.recv(1 << 16):
        pass


def talks_nonsense(connection: socket.socket) -> None:
    """Answers with bytes that are no protocol."""
    connection.sendall(bytes(range(256)) * 4)
    closes(connection)


def never_ends(connection: socket.socket) -> None:
    """Answers with one line that does not end."""
    while True:
        connection.sendall(b"2" * (1 << 16))


def drips(connection: socket.socket) -> None:
    """Sends a byte now and then, so that no single wait ever takes too long."""
    pause = threading.Event()
    while not pause.wait(0.1):
        connection.sendall(b"2")


def read_http(connection: socket.socket) -> tuple[dict[str, str], bytes]:
    """The headers (lower-case names; the request line is "") and the body of one request."""
    with connection.makefile("rb") as file:
        headers = {"": file.readline().decode("latin-1").strip()}
        while line := file.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return headers, file.read(int(headers.get("content-length", "0")))


def answers(status: int, body: bytes = b"", *headers: str) -> Script:
    """Reads one request over HTTP and answers it so."""

    def script(connection: socket.socket) -> None:
        read_http(connection)
        head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
        connection.sendall("\r\n".join(head).encode() + body)

    return script


def answers_without_end(status: int) -> Script:
    """Answers with that status and a body that does not end."""

    def script(connection: socket.socket) -> None:
        read_http(connection)
        connection.sendall(f"HTTP/1.1 {status} Said\r\n\r\n".encode())
        never_ends(connection)

    return script


def drips_headers(connection: socket.socket) -> None:
    """Answers over HTTP with headers that come slowly and do not end."""
    read_http(connection)
    connection.sendall(b"HTTP/1.1 202 Said\r\nX-Slow: ")
    drips(connection)


def repeats(connection: socket.socket) -> None:
    """Answers 500 with all that it was sent, as a debugging proxy does."""
    headers, body = read_http(connection)
    said = "\n".join(f"{name}: {value}" for name, value in headers.items()).encode() + body
    head = f"HTTP/1.1 500 Said\r\nContent-Length: {len(said)}\r\n\r\n"
    connection.sendall(head.encode() + said)
