"""Forms that were sent from our own pages, and no others."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request

from alertmanager.webhook.problems import Problem


def origin_of(url: str) -> tuple[str, str]:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def must_be_ours(request: Request, origins: set[tuple[str, str]]) -> None:
    """Raise Problem 403 when the form that was sent is on another site's page.

    The token is the secret, so this is a second lock. Under ``Referrer-Policy: no-referrer``
    a browser says ``Origin: null`` even of our own form.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "null")
    here = origins | {(request.url.scheme, request.headers.get("host", ""))}
    if site in ("same-origin", "none") and (origin == "null" or origin_of(origin) in here):
        return
    raise Problem(HTTPStatus.FORBIDDEN, "ce formulaire vient d'un autre site")
