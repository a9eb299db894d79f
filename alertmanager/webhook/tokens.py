"""Who may do what: bearer tokens, kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Depends, Request

from alertmanager.webhook.file import IntegrationSettings, ReadersSettings
from alertmanager.webhook.problems import Problem
from inventory.config import read_secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@dataclass(frozen=True)
class Tokens:
    """The digests of every token."""

    integrations: Mapping[str, bytes]
    status: bytes
    operator: bytes

    @classmethod
    def read(cls, integrations: Iterable[IntegrationSettings], readers: ReadersSettings) -> Tokens:
        """From the files the configuration names. Raise ValueError if one cannot be read."""
        return cls(
            {i.id: _digest(read_secret(i.token_file).get_secret_value()) for i in integrations},
            _digest(read_secret(readers.status_token_file).get_secret_value()),
            _digest(read_secret(readers.operator_token_file).get_secret_value()),
        )

    def only(self, *allowed: bytes) -> Any:
        """A dependency of routes: whoever has none of these tokens learns nothing, not even
        what is wrong with the request."""

        def admit(request: Request) -> None:
            self.check(request.headers.get("authorization"), *allowed)

        return Depends(admit)

    def check(self, authorization: str | None, *allowed: bytes) -> None:
        """Raise Problem 401 unless the header carries one of the allowed tokens."""
        scheme, _, written = (authorization or "").partition(" ")
        given = _digest(written.strip())
        # Every digest is compared, so that time tells nothing of which one matched.
        matches = [hmac.compare_digest(given, digest) for digest in allowed]
        if scheme.lower() != "bearer" or not any(matches):
            raise Problem(HTTPStatus.UNAUTHORIZED, "jeton absent ou refusé")
