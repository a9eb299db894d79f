"""One POST over HTTP, of which we know whether it may have been taken.

The library below `requests` would do, but for three things that a pager needs: an end to the
whole exchange, whatever the server drips; a bound on what is read; and whether the request had
left when it failed. No redirect is followed, no proxy of the environment asked, no cookie kept.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from alertmanager.notifiers.connection import Line, NotConnected, trusting
from alertmanager.notifiers.contract import PermanentFailure, TemporaryFailure

MOST_READ = 4096
"""Bytes of an answer that are read: enough for what any gateway has to say."""


@dataclass(frozen=True)
class Answer:
    """A status, and the beginning of the body."""

    status: int
    body: bytes
    hide: str | None = None

    @property
    def text(self) -> str:
        """The body on one line that may be shown: without `hide`, should it be repeated to us."""
        shown = self.body.decode("utf-8", "replace")
        if self.hide:
            shown = shown.replace(self.hide, "***")
        return " ".join("".join(c if c.isprintable() else " " for c in shown).split())[:120]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    who: str,
    seconds: float,
    ca_file: Path | None = None,
    hide: str | None = None,
) -> Answer:
    """Post, within `seconds` in all. `who` (French) is the server in what is raised, `hide` a
    secret that its answer must not show.

    Raise TemporaryFailure when there is no answer, PermanentFailure when this cannot be asked.
    """
    parts = urlsplit(url)
    line = Line(seconds)
    connection = _Connection(parts.hostname or "", line)
    with line.bounded():
        try:
            # Errors carry the host at most: what follows it may be a secret.
            line.open(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
            if parts.scheme == "https":
                line.secure(trusting(ca_file), parts.hostname or "")
        except NotConnected as error:
            line.close()
            raise TemporaryFailure(f"{who} : {error}") from None
        try:
            with _told(who, line, seconds):
                answer = _ask(connection, line, parts, body, headers)
                return replace(answer, hide=hide)
        finally:
            connection.close()
            line.close()


class _Connection(http.client.HTTPConnection):
    """HTTP over a line that is open already."""

    def __init__(self, host: str, line: Line) -> None:
        super().__init__(host)
        self._line = line

    def connect(self) -> None:
        self.sock = self._line.sock


def _ask(
    connection: _Connection, line: Line, url: SplitResult, body: bytes, headers: Mapping[str, str]
) -> Answer:
    try:
        connection.putrequest("POST", url.path or "/", skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", url.netloc)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
        for name, value in headers.items():
            connection.putheader(name, value.encode())
    except (ValueError, http.client.InvalidURL) as error:  # a line end in what an alert gave us
        raise PermanentFailure(
            f"envoi impossible à écrire en HTTP ({type(error).__name__})"
        ) from None
    connection.endheaders(body)
    with contextlib.closing(connection.getresponse()) as answer:
        if line.over:  # http.client takes a head that was cut for a whole one
            raise TimeoutError
        return Answer(answer.status, _beginning(answer))


def _beginning(answer: http.client.HTTPResponse) -> bytes:
    """What there is of the body. The status is what counts: one without end takes nothing back."""
    read = b""
    with contextlib.suppress(OSError, http.client.HTTPException):
        while len(read) < MOST_READ and (more := answer.read1(MOST_READ - len(read))):
            read += more
    return read


@contextlib.contextmanager
def _told(who: str, line: Line, seconds: float) -> Iterator[None]:
    """The request may be on its way: whatever fails from here on, it may have been taken."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        # http.client raises nearly anything for an answer that is no HTTP.
        late = line.over
        problem = f"n'a pas répondu en {seconds:.0f} s" if late else "a coupé la liaison"
        raise TemporaryFailure(f"{who} : {problem}", maybe_sent=True) from None
