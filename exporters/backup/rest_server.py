"""Whether a restic REST server lets anybody remove what is there: asked, without removing anything.

Source: restic/rest-server, README "--append-only": DELETE is then refused with 403 for all but
locks. The snapshot asked for cannot exist, so that nothing is lost where it is allowed.
"""

from __future__ import annotations

import os
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

_PREFIX = "rest:"
_NOBODYS = "0" * 64


def is_rest(location: str) -> bool:
    """Whether a repository is reached through such a server."""
    return location.startswith(_PREFIX)


def refuses_removal(location: str, seconds: float) -> bool | None:
    """True: append-only; False: it would have removed it; None: no telling.

    Name and password are those restic itself takes from the environment (RESTIC_REST_USERNAME,
    RESTIC_REST_PASSWORD), never of the address.
    """
    url = location.removeprefix(_PREFIX).rstrip("/")
    if urlsplit(url).scheme not in ("http", "https"):
        return None
    user = os.environ.get("RESTIC_REST_USERNAME", "")
    auth = (user, os.environ.get("RESTIC_REST_PASSWORD", "")) if user else None
    try:
        answer = requests.delete(
            f"{url}/snapshots/{_NOBODYS}", auth=auth, timeout=seconds, allow_redirects=False
        )
    except requests.RequestException:
        return None
    if answer.status_code == HTTPStatus.FORBIDDEN:
        return True
    return False if answer.status_code in (HTTPStatus.OK, HTTPStatus.NOT_FOUND) else None
