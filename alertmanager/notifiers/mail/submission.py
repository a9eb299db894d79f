"""Hands a mail over by SMTP, and knows whether it may have been taken."""

from __future__ import annotations

import contextlib
import re
import smtplib
from base64 import b64encode
from typing import Any, cast

from alertmanager.notifiers.connection import Handshake, Line, NotConnected, plain, trusting
from alertmanager.notifiers.contract import Accepted, PermanentFailure, TemporaryFailure
from alertmanager.notifiers.mail.settings import EmailSettings
from inventory.config import read_secret

_WHO = "serveur de messagerie"
_MOST_READ = 64 << 10
"""Bytes that a server may say in a whole conversation."""


class Submission:
    """Where mail is handed over; a connection for each."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings

    def hand_over(self, recipient: str, letter: bytes, token: str, *, prove: bool) -> Accepted:
        """`prove`: ask for delivery status notifications (RFC 3461), if the server offers them.

        Raise TemporaryFailure or PermanentFailure.
        """
        settings = self._settings
        seconds = settings.timeout.total_seconds()
        line = Line(seconds)
        talk = _Conversation(settings, line)
        try:
            with line.bounded():
                return talk.hand_over(recipient, letter, token, prove=prove)
        except NotConnected as error:
            raise TemporaryFailure(f"{_WHO} : {error}") from None
        except (OSError, ValueError, AttributeError):
            # SMTPServerDisconnected is an OSError; smtplib trips over what is no SMTP.
            problem = f"n'a pas répondu en {seconds:.0f} s" if line.over else "a coupé la liaison"
            raise TemporaryFailure(f"{_WHO} : {problem}", maybe_sent=talk.handed) from None
        finally:
            talk.close()
            line.close()


class _Conversation(smtplib.SMTP):
    """One conversation. `handed`: the mail may be theirs, though they have not said so."""

    def __init__(self, settings: EmailSettings, line: Line) -> None:
        self.handed = False
        self._settings, self._line = settings, line
        # Without a name the library asks the DNS for ours, which may take long.
        super().__init__(local_hostname=settings.site)
        self._host = settings.server.host

    def hand_over(self, recipient: str, letter: bytes, token: str, *, prove: bool) -> Accepted:
        """Everything from the connection to QUIT."""
        self._greet()
        if self._settings.password_file is not None:
            self._authenticate()
        proof = prove and self.has_extn("dsn")
        from_options = ["RET=HDRS", f"ENVID={token}"] if proof else []
        to_options = ["NOTIFY=SUCCESS,FAILURE,DELAY"] if proof else []
        _expect(self.mail(self._settings.sender, from_options), "expéditeur")
        _expect(self.rcpt(recipient, to_options), "destinataire")
        self.putcmd("DATA")
        _expect(self.getreply(), "message", good=354)
        self.handed = True
        self.send(re.sub(rb"(?m)^\.", b"..", letter) + b".\r\n")
        answer = self.getreply()
        self.handed = answer[0] < 200  # no answer that we understand
        taken = _expect(answer, "message")
        with contextlib.suppress(OSError):  # it was taken: that is what counts
            self.putcmd("QUIT")
        return Accepted(detail=taken)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = cast("Any", _Bounded(self.sock.makefile("rb")))
        return super().getreply()

    def _greet(self) -> None:
        settings, line = self._settings, self._line
        self.sock = line.open(settings.server.host, settings.server.port)
        if settings.security == "tls":
            self.sock = line.secure(trusting(settings.ca_file), settings.server.host)
        _expect(self.getreply(), "accueil", good=220)
        _expect(self.ehlo(), "EHLO")
        if settings.security == "starttls":
            if not self.has_extn("starttls"):
                raise TemporaryFailure(f"{_WHO} : il n'offre pas STARTTLS")
            secure = Handshake(line, trusting(settings.ca_file), settings.server.host)
            answer = self.starttls(context=cast("Any", secure))
            _expect(answer, "STARTTLS", good=220)
            _expect(self.ehlo(), "EHLO")

    def _authenticate(self) -> None:
        settings = self._settings
        if settings.password_file is None:
            return
        if not self.has_extn("auth"):
            raise TemporaryFailure(f"{_WHO} : il n'offre pas l'authentification")
        try:
            secret = read_secret(settings.password_file).get_secret_value()
        except ValueError as error:
            raise TemporaryFailure(str(error)) from None
        if "PLAIN" in self.esmtp_features["auth"].split():
            # The library tries every mechanism in turn, so that a wrong password counts as
            # several attempts and has us locked out; and it takes no accents.
            answer = b64encode(plain(settings.username, secret)).decode()
            code, _ = self.docmd("AUTH", f"PLAIN {answer}")
        else:
            try:
                code, _ = self.login(settings.username, secret)
            except (smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError) as error:
                code = getattr(error, "smtp_code", 535)
        if code not in (235, 503):
            # Not what the server says: it may repeat what it was sent.
            raise TemporaryFailure(f"{_WHO} : nom ou mot de passe refusé ({code})")


class _Bounded:
    """A file of replies that ends: a server could go on for ever with one reply."""

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, _MOST_READ

    def readline(self, most: int) -> bytes:
        line: bytes = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("endless reply")
        return line

    def close(self) -> None:
        self._file.close()


_OUR_FAULT = ("accueil", "EHLO", "STARTTLS")


def _expect(answer: tuple[int, bytes], about: str, good: int = 250) -> str:
    """What the server says, if it is what we need. Raise TemporaryFailure or PermanentFailure."""
    code, said = answer
    text = "".join(c if c.isprintable() else " " for c in said.decode("utf-8", "replace"))[:160]
    if code == good or (good == 250 and 250 <= code < 260):
        return text
    problem = f"{_WHO} : {about} refusé ({code} {text})".replace(" )", ")")
    # One that refuses us altogether would refuse everybody's mail, until it is put right.
    if 500 <= code < 600 and about not in _OUR_FAULT:
        raise PermanentFailure(problem)
    if code < 200:
        raise OSError("not SMTP")
    raise TemporaryFailure(problem)
