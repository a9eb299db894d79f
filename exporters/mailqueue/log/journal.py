"""The mail log in systemd's journal: what Debian 12 has when no rsyslog writes a file."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from exporters.mailqueue.log.journal_cursor import Cursor
from exporters.mailqueue.log.journal_export import Entry
from exporters.mailqueue.log.journalctl import Journalctl, NoJournal
from exporters.toolkit.collector import CollectorError
from inventory.process.logs import get_logger

_LINE_BYTES = 160
"""What a line of a mail log takes on average: how many entries a history in bytes is."""
_BLOCK_LINES = 4000
_KEYS = ("cursor", "past")
_log = get_logger("vigie.maillog")


class Journal:
    """Follows the mail of a journal, as syslog lines: a `LogSource`.

    `position` is where an earlier process stopped. Without one, what takes about `history`
    bytes of what is already there is given as the past, and all later lines as new. Lost are
    only entries that the journal let go before they were read: the log then says so.

    Raise ValueError when `position` makes no sense.
    """

    def __init__(
        self, journalctl: Journalctl, position: Mapping[str, Any] | None, history: int
    ) -> None:
        self._journalctl = journalctl
        self._lines = history // _LINE_BYTES
        self._begun = bool(position)
        self._cursor = ""  # of the last entry given; empty: all entries are new
        self._past_until = ""  # of the last entry of the past, while that is being given
        self._at_end = False
        if position:
            self._resume(position)
        else:
            with contextlib.suppress(CollectorError):
                self._begin()

    def blocks(self) -> Generator[tuple[bytes, bool], None, None]:
        """(whole lines, whether they are of the past) up to the end of what is there now.

        May be left at any block; the next call goes on after it. Raise CollectorError
        when the journal cannot be read.
        """
        self._at_end = False
        self._begin()  # again, if it was not readable when we started
        if self._past_until:
            yield from self._past()
        for entries in self._entries():
            self._cursor = entries[-1].cursor
            block = _block(entries)
            if block:
                yield block, False
        self._at_end = True

    def position(self) -> dict[str, Any]:
        """Where the next call starts, for a later process; empty before the first start."""
        return {"cursor": self._cursor, "past": self._past_until} if self._begun else {}

    def behind(self) -> int | None:
        """0 once all was read, else None: nobody counts the bytes of a journal's lines."""
        return 0 if self._at_end else None

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _begin(self) -> None:
        """See at the very first start what is there. Raise CollectorError."""
        if self._begun:
            return
        there: list[Entry] = []
        with contextlib.suppress(NoJournal):  # all that comes later is new
            for entries in self._journalctl.entries("--lines=1"):
                there += entries
        last = there[-1].cursor if there else ""
        self._cursor, self._past_until = ("", last) if self._lines else (last, "")
        self._begun = True

    def _resume(self, position: Mapping[str, Any]) -> None:
        unknown = set(position).difference(_KEYS)
        if unknown:
            raise ValueError(f"clés inconnues : {', '.join(sorted(unknown))}")
        self._cursor, self._past_until = (_checked(position.get(key, "")) for key in _KEYS)
        if self._past_until and not self._cursor:
            self._past_done()  # its past was not yet begun

    def _past(self) -> Iterator[tuple[bytes, bool]]:
        until = Cursor.parse(self._past_until)
        for entries in self._entries():
            taken = [entry for entry in entries if not Cursor.parse(entry.cursor).after(until)]
            if taken:
                self._cursor = taken[-1].cursor
            over = len(taken) < len(entries) or self._cursor == self._past_until
            if over:
                self._past_done()
            block = _block(taken)
            if block:
                yield block, True
            if over:
                return
        self._past_done()

    def _past_done(self) -> None:
        self._cursor, self._past_until = self._past_until, ""

    def _entries(self) -> Iterator[list[Entry]]:
        """The entries after the last one given, in blocks; of the past at first, the latest."""
        options = []
        last = Cursor.parse(self._cursor) if self._cursor else None
        if last:
            # Not --after-cursor: where that entry is gone it leaves out the next one.
            options = [f"--cursor={self._cursor}"]
        elif self._past_until:
            options = [f"--lines={self._lines}"]
        waiting: list[Entry] = []
        with contextlib.closing(self._journalctl.entries(*options)) as found:
            for entries in found:
                fresh, last = _after(entries, last) if last else (entries, None)
                waiting += fresh
                if len(waiting) >= _BLOCK_LINES:
                    yield waiting
                    waiting = []
        if waiting:
            yield waiting


def _after(entries: list[Entry], last: Cursor) -> tuple[list[Entry], Cursor | None]:
    """Those that come after `last`, which is still sought (else None) if none did."""
    for index, entry in enumerate(entries):
        cursor = Cursor.parse(entry.cursor)
        if cursor.same_entry(last):
            return entries[index + 1 :], None
        if cursor.after(last):
            since = datetime.fromtimestamp(last.realtime / 1e6, UTC).isoformat(timespec="seconds")
            _log.warning(
                "journal de systemd repris plus loin",
                reason=f"la dernière ligne lue ({since}) n'y est plus, ni peut-être les suivantes",
            )
            return entries[index:], None
    return [], last


def _block(entries: list[Entry]) -> bytes:
    return b"".join(entry.line for entry in entries)


def _checked(cursor: object) -> str:
    """Raise ValueError unless it is a cursor, or empty."""
    if not isinstance(cursor, str):
        raise ValueError("le curseur n'est pas un texte")  # noqa: TRY004 - what a reader of states expects
    if cursor:
        Cursor.parse(cursor)
    return cursor
