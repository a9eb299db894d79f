"""A canary that could not be handed over, or looked for."""

from __future__ import annotations

import ssl

from inventory.config import reason


class StageFailed(Exception):
    """`stage`: one of `ledger.STAGES`. The message (French) is for the log; it holds no secret."""

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage


def plain(username: str, secret: str) -> bytes:
    """What SASL PLAIN sends (RFC 4616): UTF-8, whatever the letters."""
    return f"\0{username}\0{secret}".encode()


def in_words(error: Exception) -> str:
    """Why a connection failed, in one line."""
    match error:
        case ssl.SSLCertVerificationError():
            words = f"certificat refusé : {error.verify_message}"
        case ssl.SSLError():
            words = f"TLS impossible : {error}"
        case TimeoutError():
            words = "pas de réponse à temps"
        case UnicodeError():  # its own words hold a letter of the password
            words = "le serveur ne prend qu'un nom et un mot de passe sans accent"
        case ValueError():  # ours: the secret cannot be read
            words = str(error)
        case OSError():
            words = reason(error)
        case _:
            words = f"{type(error).__name__} : {error}"
    return words[:300]
