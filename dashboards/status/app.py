"""HTTP: serves the last rendering from memory. It decides nothing about what is shown."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from dashboards.status.links import member_of_token
from dashboards.status.site import PUBLIC, Files, Rendered

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    # A member's path is its capability: it must not leave with a click on a link.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_TYPES = {
    ".json": "application/json; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Page:
    """Bytes ready to be sent, plain and compressed."""

    body: bytes
    packed: bytes
    etag: str


@lru_cache(maxsize=2048)
def _page(body: bytes) -> Page:
    return Page(body, gzip.compress(body, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:24]}"')


class Shelf:
    """The rendering being served; replaced whole, so that a reader never sees a mixture."""

    def __init__(self) -> None:
        self._rendered: Rendered | None = None

    def put(self, rendered: Rendered) -> None:
        """Serve `rendered` from now on. Safe from any thread."""
        self._rendered = rendered

    @property
    def rendered(self) -> Rendered | None:
        """The rendering being served, or None before the first one."""
        return self._rendered


def _wants_gzip(request: Request) -> bool:
    codings = request.headers.get("accept-encoding", "").replace(" ", "").split(",")
    return any(coding in ("gzip", "gzip;q=1", "gzip;q=1.0") for coding in codings)


def _answer(request: Request, body: bytes, path: str, *, private: bool) -> Response:
    page = _page(body)
    headers = {
        "ETag": page.etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": "private, no-cache" if private else "public, max-age=5",
    }
    if private:
        headers["X-Robots-Tag"] = "noindex, nofollow"
    elif path.endswith((".json", ".atom")):
        headers["Access-Control-Allow-Origin"] = "*"
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if page.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    suffix = path[path.rfind(".") :] if "." in path else ""
    content, media_type = page.body, _TYPES.get(suffix, "text/html; charset=utf-8")
    if _wants_gzip(request):
        content, headers["Content-Encoding"] = page.packed, "gzip"
    return Response(content, headers=headers, media_type=media_type)


def _resolve(
    rendered: Rendered, tokens: Mapping[str, str], path: str
) -> tuple[Files | None, str, bool]:
    """(files, path among them, whether they are a member's) for a path without its first slash."""
    first, _, rest = path.partition("/")
    if first == "m":
        token, _, inner = rest.partition("/")
        member = member_of_token(tokens, token)
        return (None if member is None else rendered.audiences[member]), inner, True
    if path in rendered.shared:
        return rendered.shared, path, False
    return rendered.audiences[PUBLIC], path, False


def _serve(request: Request, rendered: Rendered, tokens: Mapping[str, str], path: str) -> Response:
    if path.startswith("m/") and path.count("/") == 1 and path != "m/":
        return Response(status_code=308, headers={"Location": quote(f"/{path}/")})
    files, inner, private = _resolve(rendered, tokens, path)
    if files is None or inner not in files:
        return Response(
            rendered.missing,
            status_code=404,
            media_type="text/html; charset=utf-8",
            headers={"Cache-Control": "no-store"},
        )
    return _answer(request, files[inner], inner, private=private)


def _add_probes(app: FastAPI, shelf: Shelf, registry: CollectorRegistry) -> None:
    @app.api_route("/-/healthy", methods=["GET", "HEAD"])
    async def healthy() -> PlainTextResponse:
        return PlainTextResponse("OK\n")

    @app.api_route("/-/ready", methods=["GET", "HEAD"])
    async def ready() -> PlainTextResponse:
        if shelf.rendered is None:
            return PlainTextResponse("pas encore de page\n", status_code=503)
        return PlainTextResponse("OK\n")

    @app.api_route("/metrics", methods=["GET", "HEAD"])
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def build_app(shelf: Shelf, tokens: Mapping[str, str], registry: CollectorRegistry) -> FastAPI:
    """The application. `tokens`: member id -> token of its private path."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    answers = Counter(
        "vigie_status_http_responses", "HTTP answers by status code.", ["code"], registry=registry
    )

    @app.middleware("http")
    async def dress(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        answers.labels(str(response.status_code)).inc()
        return response

    _add_probes(app, shelf, registry)

    @app.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def page(request: Request, path: str) -> Response:
        if shelf.rendered is None:
            return PlainTextResponse(
                "La page se prépare : réessayez dans quelques secondes.\n",
                status_code=503,
                headers={"Retry-After": "5"},
            )
        return _serve(request, shelf.rendered, tokens, path)

    return app
