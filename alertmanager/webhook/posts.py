"""One body posted by Alertmanager, authenticated and read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from alertmanager.webhook.payload import Payload, read_payload

BODY_LIMIT = 8 * 1024 * 1024  # bytes; 1000 alerts are about 1 MB


@dataclass(frozen=True)
class Post:
    """`body` is only the beginning when it was `too_large`. `problem` (French): its fault.

    `spooled`: it waited in the emergency spool, since `received_at`.
    """

    integration: str
    source: str
    body: bytes
    too_large: bool
    received_at: datetime
    sha256: str
    payload: Payload | None
    problem: str
    spooled: bool = False


def read_post(
    integration: str,
    source: str,
    body: bytes,
    received_at: datetime,
    *,
    too_large: bool = False,
    spooled: bool = False,
) -> Post:
    """The body with what can be read of it."""
    if too_large:
        payload, problem = None, f"corps de plus de {BODY_LIMIT // 1024 // 1024} Mo"
    else:
        payload, problem = read_payload(body)
    return Post(
        integration=integration,
        source=source,
        body=body,
        too_large=too_large,
        received_at=received_at,
        sha256=hashlib.sha256(body).hexdigest(),
        payload=payload,
        problem=problem,
        spooled=spooled,
    )
