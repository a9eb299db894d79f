"""The mailbox where answers come, by IMAP: what lies there, and its removal."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
from collections.abc import Iterator
from typing import Any, cast

from alertmanager.notifiers.connection import Handshake, Line, NotConnected, plain, trusting
from alertmanager.notifiers.contract import Incoming, Report, TemporaryFailure
from alertmanager.notifiers.mail.reading import MOST_BYTES, understand
from alertmanager.notifiers.mail.settings import MailboxSettings
from inventory.config import read_secret

_TIMEOUT = 15.0
"""Seconds for one look, and for each mail of it."""
_MOST = 50
"""Mails of one look: a flood must not keep replies from being stored for long."""


class ImapMailbox:
    """Connects when it is first looked into, and again after a failure. For one thread.

    A mail's name is its UIDVALIDITY and UID: nobody else gives names in our mailbox.
    """

    def __init__(self, settings: MailboxSettings, site: str) -> None:
        self._settings, self._site = settings, site
        self._line = Line(_TIMEOUT)
        self._imap: _Imap | None = None
        self._validity = ""
        self._taken: set[str] = set()  # in the store, though not moved yet
        self._hard: set[str] = set()  # the server stumbled over these: they wait for the others

    def fetch(self) -> Iterator[tuple[str, Incoming | Report]]:
        """What lies there, the oldest first. Raise TemporaryFailure."""
        with self._talk() as imap:
            _checked(imap.noop())  # the server tells of new mail when it is spoken to
            found = _checked(imap.uid("SEARCH", "UNDELETED"))
        uids = [uid.decode("ascii") for uid in found[0].split()] if found and found[0] else []
        lying = {self._name(uid) for uid in uids}
        self._taken &= lying
        self._hard &= lying
        fresh = [uid for uid in uids if self._name(uid) not in self._taken]
        fresh.sort(key=lambda uid: (self._name(uid) in self._hard, int(uid)))
        for uid in fresh[:_MOST]:
            self._hard.add(self._name(uid))
            raw = self._read(uid)
            self._hard.discard(self._name(uid))
            if raw is not None:
                yield self._named(uid, understand(raw, self._site))
        for name in sorted(self._taken):
            self.put_away(name)

    def put_away(self, name: str) -> None:
        """Move it to the folder of those that were taken. Raise TemporaryFailure."""
        self._taken.add(name)
        validity, _, uid = name.partition(".")
        with self._talk() as imap:
            if validity == self._validity:
                self._move(imap, uid)
        self._taken.discard(name)

    def close(self) -> None:
        """Log out, if need be."""
        if self._imap is not None:
            with contextlib.suppress(TemporaryFailure), self._talk() as imap:
                imap.logout()
        self._drop()

    def _name(self, uid: str) -> str:
        return f"{self._validity}.{uid}"

    def _named(self, uid: str, what: Incoming | Report) -> tuple[str, Incoming | Report]:
        name = self._name(uid)
        if isinstance(what, Incoming):
            what = Incoming(what.sender, what.text, name, what.raw, what.answers, what.only_keep)
        return name, what

    def _read(self, uid: str) -> bytes | None:
        """The beginning of the mail; None if it is there no more."""
        with self._talk() as imap:
            status, parts = imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        if status != "OK":
            return None
        return next((part[1] for part in parts if isinstance(part, tuple)), None)

    def _move(self, imap: _Imap, uid: str) -> None:
        folder = f'"{self._settings.taken_folder}"'
        verb = "MOVE" if imap.can("MOVE") else "COPY"
        status, said = imap.uid(verb, uid, folder)
        if status != "OK":  # it is not there yet, most likely
            imap.create(folder)
            status, said = imap.uid(verb, uid, folder)
        _checked((status, said))
        if verb == "COPY":
            _checked(imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
            # Without UIDPLUS an EXPUNGE would also take what others marked: then it stays marked.
            if imap.can("UIDPLUS"):
                _checked(imap.uid("EXPUNGE", uid))

    @contextlib.contextmanager
    def _talk(self) -> Iterator[_Imap]:
        try:
            with self._line.bounded():
                self._imap = self._imap or self._connect()
                yield self._imap
        except NotConnected as error:
            self._drop()
            raise TemporaryFailure(f"boîte des réponses : {error}") from None
        except (imaplib.IMAP4.error, OSError, ValueError, AttributeError) as error:
            self._drop()
            late = self._line.over
            problem = f"n'a pas répondu en {_TIMEOUT:.0f} s" if late else _in_words(error)
            raise TemporaryFailure(f"boîte des réponses : {problem}") from None

    def _connect(self) -> _Imap:
        settings, host = self._settings, self._settings.server.host
        self._line.open(host, settings.server.port)
        if settings.security == "tls":
            self._line.secure(trusting(settings.ca_file), host)
        self._imap = imap = _Imap(self._line, host)  # dropped, should anything fail from here
        if settings.security == "starttls":
            secure = Handshake(self._line, trusting(settings.ca_file), host)
            _checked(imap.starttls(cast("Any", secure)))
        try:
            secret = read_secret(settings.password_file).get_secret_value()
        except ValueError as error:
            raise NotConnected(str(error)) from None
        imap.enter(settings.username, secret)
        _checked(imap.select(f'"{settings.folder}"'))
        self._validity = (imap.response("UIDVALIDITY")[1] or [b""])[0].decode("ascii")
        return imap

    def _drop(self) -> None:
        if self._imap is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self._imap.shutdown()
        self._line.close()
        self._imap = None


class _Imap(imaplib.IMAP4):
    """IMAP over a line that is open already, which reads no more than it must."""

    def __init__(self, line: Line, host: str) -> None:
        self._line = line
        self._offers: frozenset[str] = frozenset()
        super().__init__(host)

    def can(self, capability: str) -> bool:
        """Whether the server said so once we were in: strangers are told less."""
        return capability in self._offers

    def enter(self, username: str, secret: str) -> None:
        """Log in. Raise NotConnected, without what the server says: it may repeat the password."""
        try:
            if "AUTH=PLAIN" in self.capabilities:  # LOGIN takes no accents
                self.authenticate("PLAIN", lambda _: plain(username, secret))
            else:
                self.login(username, secret)
        except (imaplib.IMAP4.error, UnicodeError) as error:
            if isinstance(error, imaplib.IMAP4.abort):
                raise
            raise NotConnected("nom ou mot de passe refusé") from None
        said = _checked(self.capability())
        self._offers = frozenset(said[0].decode("ascii", "replace").upper().split())

    def read(self, size: int) -> bytes:
        """A literal that the server announces. Raise IMAP4.abort rather than fill the memory."""
        if size > 2 * MOST_BYTES:
            raise imaplib.IMAP4.abort("littéral trop grand")
        return super().read(size)

    def _create_socket(self, _timeout: float | None = None) -> socket.socket:
        if self._line.sock is None:
            raise OSError("not connected")
        return self._line.sock


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        said = b" ".join(part for part in data if isinstance(part, bytes))
        raise imaplib.IMAP4.error(said.decode("utf-8", "replace"))
    return data


def _in_words(error: Exception) -> str:
    if isinstance(error, imaplib.IMAP4.error):
        said = error.args[0] if error.args else ""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        shown = "".join(c if c.isprintable() else " " for c in text)
        return re.sub(r"\s+", " ", f"réponse du serveur : {shown}")[:200]
    return "liaison coupée"
