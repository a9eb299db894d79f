"""Reading the queue from Postfix's showq service, through its socket ``public/showq``.

The answer is NUL-ended names and values in turn; an empty name ends a list. First, since
Postfix 3.6, a list that names the protocol; then one for each message; last an empty one.
Source: Postfix ``src/showq/showq.c``, ``src/util/attr_print0.c``.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from exporters.mailqueue.queue.listing import Listed, gathered, listed_message
from exporters.mailqueue.queue.snapshot import NotPermitted, ReadFailed, Snapshot
from inventory.config import reason

_CHUNK = 1 << 16
_LONGEST_TEXT = 1 << 20
_PROTOCOL = "mail_queue_list_protocol"
_WANTED = frozenset((b"queue_name", b"time", b"size", b"protocol"))


def texts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The NUL-ended texts of a stream. Raise ReadFailed when it ends within one."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
        if len(rest) > _LONGEST_TEXT:
            break
    if rest:
        raise ReadFailed("showq : réponse tronquée ; attendu : des textes terminés par un zéro")


def messages(chunks: Iterable[bytes]) -> Iterator[Listed]:
    """The messages of an answer. Raise ReadFailed when it is cut short or not understood.

    Pairs are walked in order: a value (``reason``) may be empty, so two NULs end nothing.
    """
    stream = texts(chunks)
    fields: dict[str, str] = {}
    empty, ended = True, False
    for name in stream:
        if not name:
            if empty:
                ended = True
                break
            if fields.get("protocol", _PROTOCOL) != _PROTOCOL:
                raise ReadFailed(f"showq : protocole inconnu ; attendu : {_PROTOCOL}")
            if "protocol" not in fields:
                yield listed_message(fields)
            fields, empty = {}, True
            continue
        empty = False
        value = next(stream, None)
        if value is None:
            break
        if name in _WANTED:
            fields[name.decode("ascii")] = value.decode("utf-8", "replace")
    if not ended:
        raise ReadFailed("showq : réponse interrompue avant sa fin")


class Showq:
    """Asks showq; it opens every message file, so ask seldom. `timeout` bounds each wait (s)."""

    method = "showq"

    def __init__(self, directory: Path, timeout: float = 60.0) -> None:
        self._path = str(directory / "public" / "showq")
        self._timeout = timeout

    def read(self) -> Iterator[Snapshot]:
        """The queues now. Raise NotPermitted or ReadFailed."""
        try:
            with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as link:
                link.settimeout(self._timeout)
                link.connect(self._path)
                chunks = iter(lambda: link.recv(_CHUNK), b"")
                yield gathered(self.method, messages(chunks))
        except PermissionError as error:
            raise NotPermitted(
                f"{self._path} : {reason(error)} ; attendu : le groupe postdrop"
            ) from None
        except OSError as error:
            raise ReadFailed(
                f"{self._path} : {reason(error)} ; attendu : un Postfix en marche"
            ) from None
