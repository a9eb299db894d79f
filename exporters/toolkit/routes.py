"""What is answered to which request. No socket here."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import BoundedSemaphore
from time import monotonic
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, urlsplit

from exporters.toolkit.collector import Deadline
from exporters.toolkit.exposition import Format, negotiate
from exporters.toolkit.landing import landing_page
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.targets import TargetError, Targets
from exporters.toolkit.traffic import Traffic
from exporters.toolkit.webgate import WebGate

TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
DEFAULT_TIMEOUT = 10.0
LONGEST_TIMEOUT = 120.0


class PageMaker(Protocol):
    """Reads what was asked for by a deadline and writes it."""

    def __call__(self, deadline: Deadline, *, form: Format) -> bytes: ...


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


def _split(target: str) -> SplitResult:
    """The parts of a request's target. Raise BadRequest."""
    try:
        return urlsplit(target)
    except ValueError:  # an address in brackets that is none
        raise BadRequest("adresse demandée illisible") from None


def _parameters(query: str) -> dict[str, list[str]]:
    # An empty value is a value: it must not count as if nothing were asked.
    return parse_qs(query, keep_blank_values=True)


def select(query: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The collectors that ``collect[]`` or ``exclude[]`` leave. Raise BadRequest."""
    parameters = _parameters(query)
    only, without = parameters.get("collect[]", []), parameters.get("exclude[]", [])
    if only and without:
        raise BadRequest("collect[] et exclude[] ne vont pas ensemble : l'un ou l'autre")
    unknown = sorted(set(only + without) - set(names))
    if unknown:
        listed = ", ".join(sorted(names)) or "aucun"
        raise BadRequest(
            f"collecteur inconnu ou arrêté : {', '.join(unknown) or '(vide)'} ; "
            f"en marche : {listed}"
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
        targets: Targets | None = None,
        traffic: Traffic | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._scraper = scraper
        self._gate = gate
        self._path = telemetry_path
        self._offset = timeout_offset
        self._slots = BoundedSemaphore(max_requests) if max_requests else None
        self._targets = targets or Targets([])
        self._traffic = traffic or Traffic()
        self._now = now
        self.ready = False

    def answer(self, request: Request) -> Response:
        """The response to a request, whoever asks."""
        with self._traffic.request() as answered:
            try:
                response = self._answer(request)
            except Exception:
                # The server writes it into the log and answers so.
                answered(HTTPStatus.INTERNAL_SERVER_ERROR)
                raise
            answered(response.status)
        return response

    def health(self, request: Request) -> Response:  # noqa: ARG002 - same shape as `answer`
        """The response to the server's own call: no password, not counted."""
        self._gate.current()
        return self._fixed("/-/healthy")

    def _answer(self, request: Request) -> Response:
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
        except (BadRequest, TargetError) as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))

    def _route(self, request: Request) -> Response:
        target = _split(request.target)
        if target.path == self._path:
            names = select(target.query, self._scraper.names)
            return self._scrape(request, partial(self._scraper.page, names=names))
        if target.path == "/probe":
            name, runner = self._target(target.query)
            return self._scrape(request, partial(self._scraper.probe, runner=runner, target=name))
        return self._fixed(target.path)

    def _fixed(self, path: str) -> Response:
        """The pages that measure nothing."""
        if path == "/":
            page = landing_page(self._path, self._scraper.names, self._targets.names)
            return Response(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
        if path == "/-/healthy":
            return _text(HTTPStatus.OK, "Healthy")
        if path == "/-/ready":
            if self.ready:
                return _text(HTTPStatus.OK, "Ready")
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, "Not ready")
        return problem(HTTPStatus.NOT_FOUND, f"Rien ici ; les mesures sont à {self._path}.")

    def _target(self, query: str) -> tuple[str, Runner]:
        """What ``/probe`` is asked for. Raise BadRequest or TargetError."""
        parameters = _parameters(query)
        targets, modules = parameters.get("target", [""]), parameters.get("module", [""])
        if len(targets) > 1 or len(modules) > 1:
            raise BadRequest("target et module ne se donnent qu'une fois")
        return targets[0], self._targets.find(targets[0], modules[0])

    def _scrape(self, request: Request, page: PageMaker) -> Response:
        seconds = budget(request.headers.get(TIMEOUT_HEADER.lower(), ""), self._offset)
        if self._slots is not None and not self._slots.acquire(blocking=False):
            self._traffic.refused()
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "Trop de relevés à la fois.")
        try:
            headers = request.headers
            form = negotiate(headers.get("accept", ""), headers.get("accept-encoding", ""))
            body = page(Deadline.after(seconds, self._now), form=form)
        finally:
            if self._slots is not None:
                self._slots.release()
        encoding = (("Content-Encoding", "gzip"),) if form.zipped else ()
        vary = ("Vary", "Accept, Accept-Encoding")
        return Response(HTTPStatus.OK, form.content_type, body, (*encoding, vary))
