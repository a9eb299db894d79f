"""The private link of each member: a capability, checked without a database."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from inventory import Member


def member_token(key: bytes, member: str, version: int = 1) -> str:
    """43 characters of URL-safe base64: HMAC-SHA256 of the member's id and the link's version.

    A new version makes a new link and ends the old one.
    """
    message = f"vigie member link\0{member}\0{version}".encode()
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def audience_salt(key: bytes, audience: str) -> bytes:
    """What makes the public ids of one audience its own; `audience` is a member id or ``""``."""
    return hmac.new(key, f"vigie audience\0{audience}".encode(), hashlib.sha256).digest()


def member_path(token: str) -> str:
    """Path of a member's pages."""
    return f"/m/{token}/"


def member_tokens(
    key: bytes, members: Iterable[Member], versions: Mapping[str, int]
) -> dict[str, str]:
    """Member id -> token."""
    return {m.id: member_token(key, m.id, versions.get(m.id, 1)) for m in members}


def member_of_token(tokens: Mapping[str, str], presented: str) -> str | None:
    """Id of the member whose token was presented, or None.

    Every token is compared, each in constant time, so that neither the answer
    nor the time it takes tells how near a guess came.
    """
    found: str | None = None
    given = presented.encode("utf-8", "surrogatepass")
    for member, token in tokens.items():
        if hmac.compare_digest(given, token.encode()):
            found = member
    return found
