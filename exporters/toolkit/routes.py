"""What is answered to which request. No socket here."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import BoundedSemaphore
from time import monotonic
from urllib.parse import parse_qs, urlsplit

from exporters.toolkit.collector import Deadline
from exporters.toolkit.exposition import compress, negotiate
from exporters.toolkit.landing import landing_page
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.webgate import WebGate

TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
DEFAULT_TIMEOUT = 10.0
LONGEST_TIMEOUT = 120.0


class BadRequest(Exception):
    """A request that makes no sense. The message (French) says why."""


@dataclass(frozen=True)
class Request:
    """A request whose head has been read. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    """What goes back."""

    status: HTTPStatus
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def problem(status: HTTPStatus, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A refusal as JSON (RFC 9457)."""
    body = {"title": status.phrase, "status": status.value, "detail": detail}
    text = json.dumps(body, ensure_ascii=False).encode()
    return Response(status, "application/problem+json", text, headers)


def _text(status: HTTPStatus, words: str) -> Response:
    return Response(status, "text/plain; charset=utf-8", words.encode() + b"\n")


def budget(header: str, offset: float) -> float:
    """Seconds a scrape may take, from Prometheus's header less the offset. Raise BadRequest."""
    if not header:
        return DEFAULT_TIMEOUT
    try:
        seconds = float(header)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise BadRequest(f"{TIMEOUT_HEADER} : un nombre de secondes au-dessus de zéro est attendu")
    # An offset as long as the timeout would leave nothing: half of it is kept at least.
    return min(max(seconds - offset, seconds / 2), LONGEST_TIMEOUT)


def select(query: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The collectors that ``collect[]`` or ``exclude[]`` leave. Raise BadRequest."""
    parameters = parse_qs(query)
    only, without = parameters.get("collect[]", []), parameters.get("exclude[]", [])
    if only and without:
        raise BadRequest("collect[] et exclude[] ne vont pas ensemble : l'un ou l'autre")
    unknown = sorted(set(only + without) - set(names))
    if unknown:
        listed = ", ".join(sorted(names)) or "aucun"
        raise BadRequest(
            f"collecteur inconnu ou arrêté : {', '.join(unknown)} ; en marche : {listed}"
        )
    return tuple(n for n in names if (n in only if only else n not in without))


class Application:
    """Routes requests. Thread-safe."""

    def __init__(
        self,
        scraper: Scraper,
        gate: WebGate,
        *,
        telemetry_path: str = "/metrics",
        timeout_offset: float = 0.5,
        max_requests: int = 40,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._scraper = scraper
        self._gate = gate
        self._path = telemetry_path
        self._offset = timeout_offset
        self._slots = BoundedSemaphore(max_requests) if max_requests else None
        self._now = now
        self.ready = False

    def answer(self, request: Request) -> Response:
        """The response to a request, whoever asks."""
        gate = self._gate.current()
        response = self._authorised(request, gate.authenticator.required, gate.authenticator.allows)
        extra = gate.config.http_server_config.headers.written
        return Response(
            response.status, response.content_type, response.body, (*response.headers, *extra)
        )

    def _authorised(
        self, request: Request, required: bool, allows: Callable[[str], bool]
    ) -> Response:
        if required and not allows(request.headers.get("authorization", "")):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                "Nom d'utilisateur ou mot de passe refusé.",
                (("WWW-Authenticate", 'Basic realm="vigie-exporter", charset="UTF-8"'),),
            )
        if request.method not in ("GET", "HEAD"):
            return problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "Seules GET et HEAD sont admises.",
                (("Allow", "GET, HEAD"),),
            )
        try:
            return self._route(request)
        except BadRequest as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))

    def _route(self, request: Request) -> Response:
        target = urlsplit(request.target)
        if target.path == self._path:
            return self._metrics(request, target.query)
        if target.path == "/":
            page = landing_page(self._path, self._scraper.names)
            return Response(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
        if target.path == "/-/healthy":
            return _text(HTTPStatus.OK, "Healthy")
        if target.path == "/-/ready":
            if self.ready:
                return _text(HTTPStatus.OK, "Ready")
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, "Not ready")
        return problem(HTTPStatus.NOT_FOUND, f"Rien ici ; les mesures sont à {self._path}.")

    def _metrics(self, request: Request, query: str) -> Response:
        names = select(query, self._scraper.names)
        seconds = budget(request.headers.get(TIMEOUT_HEADER.lower(), ""), self._offset)
        if self._slots is not None and not self._slots.acquire(blocking=False):
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Trop de relevés à la fois.")
        try:
            encode, content_type = negotiate(request.headers.get("accept", ""))
            body = self._scraper.page(Deadline.after(seconds, self._now), names, encode)
        finally:
            if self._slots is not None:
                self._slots.release()
        body, zipped = compress(body, request.headers.get("accept-encoding", ""))
        headers = (("Content-Encoding", "gzip"),) if zipped else ()
        return Response(
            HTTPStatus.OK, content_type, body, (*headers, ("Vary", "Accept, Accept-Encoding"))
        )
