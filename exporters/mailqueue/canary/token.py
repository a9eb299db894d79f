"""What tells our canaries from any other mail: a token nobody else can make. Pure.

``SITE.TIME.NONCE.SIGNATURE``, all hexadecimal, 59 characters: short enough for one header line
that no relay folds. SITE is the same for all mails of one canary, so that a mailbox can be
searched for it; without the key nobody can guess it, or sign.
"""

from __future__ import annotations

import hmac
import re

HEADER = "X-Vigie-Canary"
_FORM = re.compile(r"[0-9a-f]{12}\.[0-9a-f]{8}\.[0-9a-f]{16}\.[0-9a-f]{20}")


class Mint:
    """Makes and recognises the tokens of the canary that goes to `address`."""

    def __init__(self, key: bytes, address: str) -> None:
        self._key = key
        self._address = address.lower()
        self.site = self._digest("site")[:12]

    def token(self, unix_time: int, nonce: bytes) -> str:
        """A token for a mail sent at `unix_time`; `nonce`: eight random bytes."""
        begin = f"{self.site}.{unix_time & 0xFFFFFFFF:08x}.{nonce.hex()}"
        return f"{begin}.{self._digest(begin)[:20]}"

    def knows(self, text: str) -> bool:
        """Whether `text` is a token that this canary, now or before a restart, has made."""
        if not _FORM.fullmatch(text):
            return False
        begin, _, signature = text.rpartition(".")
        return hmac.compare_digest(self._digest(begin)[:20], signature) and begin.startswith(
            f"{self.site}."
        )

    def _digest(self, text: str) -> str:
        return hmac.digest(self._key, f"{self._address}\n{text}".encode(), "sha256").hex()
