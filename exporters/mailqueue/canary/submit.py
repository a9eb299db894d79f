"""Hands a canary over by SMTP: submission with TLS and a password, or plain port 25."""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass

from exporters.mailqueue.canary.settings import SmtpSettings
from exporters.mailqueue.canary.stage import StageFailed, in_words, plain
from inventory.config import read_secret
from inventory.process.cut import cut_after


@dataclass(frozen=True)
class Submission:
    """Who hands mail over, and how long one conversation may last (seconds)."""

    settings: SmtpSettings
    timeout: float

    def send(self, recipient: str, message: bytes) -> None:
        """Return once the server took the message. Raise StageFailed."""
        talk = _Conversation(self.settings, self.timeout)
        try:
            with cut_after(self.timeout, lambda: talk.sock):
                talk.hand_over(recipient, message)
        except smtplib.SMTPResponseException as error:
            said = bytes(error.smtp_error) if isinstance(error.smtp_error, bytes) else b""
            raise StageFailed(talk.stage, _answer(error.smtp_code, said)) from None
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise StageFailed(talk.stage, _answer(code, said)) from None
        except smtplib.SMTPServerDisconnected:
            raise StageFailed(talk.stage, "le serveur a coupé, ou répond trop lentement") from None
        except ssl.SSLError as error:
            raise StageFailed("tls", in_words(error)) from None
        except (OSError, ValueError) as error:  # a ValueError: the secret is not readable
            raise StageFailed(talk.stage, in_words(error)) from None
        finally:
            talk.close()


class _Conversation(smtplib.SMTP):
    """One connection. `stage` is what it is about, should it fail now."""

    def __init__(self, settings: SmtpSettings, timeout: float) -> None:
        self.stage = "connect"
        self._settings = settings
        # Without a name the library asks the DNS for ours, which may take long.
        name = settings.sender.rpartition("@")[2]
        super().__init__(local_hostname=name, timeout=timeout)
        self._host = settings.server.host  # the name that starttls() checks

    def hand_over(self, recipient: str, message: bytes) -> None:
        """Everything from the connection to QUIT."""
        settings = self._settings
        code, said = self.connect(settings.server.host, settings.server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        self.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            self.stage = "tls"
            if not self.has_extn("starttls"):
                raise StageFailed("tls", "le serveur n'offre pas STARTTLS")
            self.starttls(context=_context(settings))
            self.ehlo()
        if settings.password_file is not None:
            self.stage = "auth"
            if not self.has_extn("auth"):
                raise StageFailed("auth", "le serveur n'offre pas l'authentification")
            secret = read_secret(settings.password_file).get_secret_value()
            if "PLAIN" in self.esmtp_features["auth"].split():
                self._authenticate(settings.username, secret)
            else:
                self.login(settings.username, secret)
        self.stage = "refused"
        self.sendmail("" if settings.null_sender else settings.sender, [recipient], message)
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):  # the message was taken: that is what counts
            self.close()

    def _authenticate(self, username: str, secret: str) -> None:
        # The library tries every mechanism in turn, so that a wrong password counts as several
        # attempts and has us locked out; and it takes no accents.
        code, said = self.docmd("AUTH", f"PLAIN {b64encode(plain(username, secret)).decode()}")
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, said)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self.sock = socket.create_connection((host, port), timeout)
        if self._settings.security == "tls":
            self.stage = "tls"
            self.sock = secured = _context(self._settings).wrap_socket(
                self.sock, server_hostname=host, do_handshake_on_connect=False
            )
            secured.do_handshake()  # on the socket that can be cut
            self.stage = "connect"
        return self.sock


def _context(settings: SmtpSettings) -> ssl.SSLContext:
    # Made anew each time: the file of authorities may have been renewed.
    return ssl.create_default_context(cafile=settings.ca_file and str(settings.ca_file))


def _answer(code: int, said: bytes) -> str:
    text = said.decode("utf-8", "replace").replace("\n", " ")
    return f"réponse {code} {text}"[:300]
