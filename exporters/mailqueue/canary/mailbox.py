"""The mailbox of a canary, over IMAP: what of ours lies there, and its removal."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

from exporters.mailqueue.canary.letter import token_in
from exporters.mailqueue.canary.settings import ImapSettings
from exporters.mailqueue.canary.stage import StageFailed, in_words, plain
from exporters.mailqueue.canary.token import HEADER, Mint
from inventory.config import read_secret
from inventory.process.cut import cut_after

_MOST = 200
"""Mails fetched in one look: whoever copies our header into many mails gets no more of our time."""
_UID = re.compile(rb"\bUID (\d+)\b")


class Mailbox:
    """Connects when it is first looked into, and again after a failure or `close`."""

    def __init__(self, settings: ImapSettings, mint: Mint, timeout: float) -> None:
        self._settings, self._mint, self._timeout = settings, mint, timeout
        self._connection: imaplib.IMAP4 | None = None
        self._socket: socket.socket | None = None
        self._uidplus = False

    def look(self) -> dict[str, str]:
        """Our tokens that lie there: UID of the mail -> token. Raise StageFailed("receive")."""
        with self._conversation() as imap:
            _checked(imap.noop())  # the server tells of new mail when it is spoken to
            found = _checked(imap.uid("SEARCH", "UNDELETED", "HEADER", HEADER, self._mint.site))
            uids = found[0].split()[-_MOST:] if found and found[0] else []
            if not uids:
                return {}
            wanted = f"(UID BODY.PEEK[HEADER.FIELDS ({HEADER})]<0.512>)"
            answer = _checked(imap.uid("FETCH", b",".join(uids).decode("ascii"), wanted))
            return dict(self._tokens(answer))

    def remove(self, uids: Iterable[str]) -> None:
        """Delete these mails and no other. Raise StageFailed("receive")."""
        wanted = ",".join(uids)
        if not wanted:
            return
        with self._conversation() as imap:
            _checked(imap.uid("STORE", wanted, "+FLAGS.SILENT", r"(\Deleted)"))
            # Without UIDPLUS an EXPUNGE would also take what others marked: then it stays marked.
            if self._uidplus:
                _checked(imap.uid("EXPUNGE", wanted))

    def close(self) -> None:
        """Log out, if need be."""
        if self._connection is not None:
            with contextlib.suppress(StageFailed), self._conversation() as imap:
                imap.logout()
        self._drop()

    def _tokens(self, answer: Iterable[Any]) -> Iterable[tuple[str, str]]:
        parts = list(answer)
        for index, part in enumerate(parts):
            if not isinstance(part, tuple):
                continue
            # The UID stands before the literal, or behind it in the next part.
            behind = parts[index + 1] if index + 1 < len(parts) else b""
            found = _UID.search(part[0]) or (isinstance(behind, bytes) and _UID.search(behind))
            token = token_in(part[1])
            if found and self._mint.knows(token):
                yield found[1].decode("ascii"), token

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[imaplib.IMAP4]:
        try:
            with cut_after(self._timeout, lambda: self._socket):
                self._connection = self._connection or self._connect()
                yield self._connection
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            self._drop()
            raise StageFailed("receive", _in_words(error)) from None

    def _connect(self) -> imaplib.IMAP4:
        settings = self._settings
        host, port = settings.server.host, settings.server.port
        context = ssl.create_default_context(cafile=settings.ca_file and str(settings.ca_file))
        self._socket = socket.create_connection((host, port), self._timeout)
        if settings.security == "tls":
            self._socket = secured = context.wrap_socket(
                self._socket, server_hostname=host, do_handshake_on_connect=False
            )
            secured.do_handshake()  # on the socket that can be cut
        imap = _Imap(self._socket, host)
        if settings.security == "starttls":
            imap.starttls(context)
            self._socket = imap.sock
        secret = read_secret(settings.password_file).get_secret_value()
        if "AUTH=PLAIN" in imap.capabilities:  # LOGIN takes no accents
            imap.authenticate("PLAIN", lambda _: plain(settings.username, secret))
        else:
            imap.login(settings.username, secret)
        # Asked again: servers tell strangers less.
        self._uidplus = b"UIDPLUS" in _checked(imap.capability())[0].upper().split()
        _checked(imap.select(f'"{settings.folder}"'))
        return imap

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self._connection.shutdown()
        if self._socket is not None:
            self._socket.close()
        self._connection = self._socket = None


class _Imap(imaplib.IMAP4):
    """IMAP over a socket that is already connected, so that it can be cut from the start."""

    def __init__(self, connected: socket.socket, host: str) -> None:
        self._connected = connected
        super().__init__(host)

    def _create_socket(self, _timeout: float | None = None) -> socket.socket:
        return self._connected


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
        return f"réponse du serveur IMAP : {text}"[:300]
    return in_words(error)
