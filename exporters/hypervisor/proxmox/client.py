"""One session with the API of a Proxmox VE node: GET only, one call at a time, bounded.

The API token travels in the ``Authorization`` header and nowhere else. TLS is always
verified. A redirection is not followed: it would carry the token elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import requests
import urllib3

from exporters.hypervisor.proxmox.errors import BadAnswer, Refused, Unreachable
from inventory.config.secret import read_secret

LARGEST_ANSWER = 32 * 1024**2
"""Bytes. The guests of a cluster of 2,000 take 1 MiB."""

_CHUNK = 64 * 1024
_TOKEN = re.compile(r"[\x21-\x7e]{1,256}")
_STATUS = {
    500: "erreur interne",
    501: "appel inconnu de cette version",
    595: "nœud injoignable depuis le reste de la grappe",
    596: "nœud qui n'a pas répondu au reste de la grappe",
}
"""595 and 596 are pveproxy's own: it could not reach the node that the path names."""


class Client:
    """Reads one node's API. Not thread-safe: each lane has its own.

    `token_file` is read at the first call and again after a refusal, so that a token may be
    renewed while the process runs.
    """

    def __init__(
        self,
        url: str,
        token_id: str,
        token_file: Path,
        ca_file: Path | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._base = f"{url.rstrip('/')}/api2/json"
        self._token_id, self._token_file = token_id, token_file
        self._clock = clock
        self._authorization = ""
        self._session = requests.Session()
        # Neither a proxy, nor a .netrc, nor another CA bundle from the environment.
        self._session.trust_env = False
        self._session.verify = str(ca_file) if ca_file is not None else True

    def get(self, *path: str | int, seconds: float, **query: str | int) -> Any:
        """What is under ``data`` in the answer to a GET of the path, within `seconds`.

        Raise ProxmoxError.
        """
        end = self._clock() + max(seconds, 0.01)
        where = "/" + "/".join(quote(str(part), safe="") for part in path)
        try:
            response = self._session.get(
                self._base + where,
                params=query,
                headers={"Authorization": self._header(), "Accept": "application/json"},
                timeout=(min(max(seconds, 0.01), 5.0), max(seconds, 0.01)),
                allow_redirects=False,
                stream=True,
            )
            with response:
                self._check_status(response, where)
                body = self._body(response, end, where)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"{where} : {_reason(error)}") from None
        return answer_of(body, where)

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()

    def _header(self) -> str:
        if not self._authorization:
            try:
                secret = read_secret(self._token_file).get_secret_value()
            except ValueError as error:
                raise Refused(str(error)) from None
            # requests names a header's value when it refuses it: it never sees a bad one.
            if not _TOKEN.fullmatch(secret):
                raise Refused(f"jeton illisible dans {self._token_file} : caractères interdits")
            self._authorization = f"PVEAPIToken={self._token_id}={secret}"
        return self._authorization

    def _check_status(self, response: requests.Response, where: str) -> None:
        status = response.status_code
        if status == requests.codes.ok:
            return
        if status == requests.codes.unauthorized:
            self._authorization = ""
            raise Refused(f"{where} : jeton {self._token_id} inconnu, faux ou expiré (401)")
        if status == requests.codes.forbidden:
            raise Refused(f"{where} : le jeton {self._token_id} n'en a pas le droit (403)")
        if 300 <= status < 400:
            raise BadAnswer(f"{where} : redirection ({status}), qui n'est pas suivie")
        raise BadAnswer(f"{where} : {_STATUS.get(status, 'réponse inattendue')} ({status})")

    def _body(self, response: requests.Response, end: float, where: str) -> bytes:
        found = bytearray()
        # read1 returns what has come: an answer in drops meets the deadline too.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            found += chunk
            if len(found) > LARGEST_ANSWER:
                raise BadAnswer(f"{where} : réponse de plus de {LARGEST_ANSWER // 1024**2} Mio")
            if self._clock() > end:
                raise Unreachable(f"{where} : réponse incomplète dans le temps imparti")
        return bytes(found)


def _reason(error: Exception) -> str:
    """French, without the URL."""
    if isinstance(error, requests.exceptions.SSLError):
        return "certificat TLS refusé (voir ca_file)"
    if isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)):
        return "pas de réponse dans le temps imparti"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "connexion impossible ou rompue"
    if isinstance(error, requests.exceptions.InvalidURL):
        return "adresse invalide"
    return f"échange interrompu ({type(error).__name__})"


def answer_of(body: bytes, where: str) -> Any:
    """What is under ``data`` in the body of an answer. Raise BadAnswer."""
    try:
        answer = json.loads(body)
        if rb"\ud" in body.lower():
            # Half a surrogate pair is JSON but no text: a page that holds one cannot be sent.
            answer = json.loads(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BadAnswer(f"{where} : la réponse n'est pas du JSON") from None
    if not isinstance(answer, dict) or "data" not in answer:
        raise BadAnswer(f"{where} : réponse sans « data »")
    return answer["data"]


def rows(data: Any, where: str) -> list[dict[str, Any]]:
    """The rows of a list; what in it is not a row is passed over. Raise BadAnswer if no list."""
    if not isinstance(data, list):
        raise BadAnswer(f"{where} : une liste était attendue")
    return [row for row in data if isinstance(row, dict)]


def row(data: Any, where: str) -> dict[str, Any]:
    """One object. Raise BadAnswer if it is none."""
    if not isinstance(data, dict):
        raise BadAnswer(f"{where} : un objet était attendu")
    return data
