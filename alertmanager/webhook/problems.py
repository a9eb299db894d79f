"""Errors over HTTP: RFC 9457 problem documents, never a stack trace.

Alertmanager tries again on 5xx and on network errors only, so whatever may still
succeed is a 5xx here, and 429 and 409 are never used.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from alertmanager.store.database import StoreUnavailable
from inventory.process.logs import get_logger

log = get_logger("vigie.webhook")


class Problem(Exception):
    """An answer other than success. `detail` is French, without secrets."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong, in French"},
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": _PROBLEM}},
        }
        for status in statuses
    }


ERRORS = problems(401, 404, 422, 503)
"""What any route of readers and operators may answer."""


def problem_response(status: HTTPStatus, detail: str) -> JSONResponse:
    """The problem document."""
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="vigie"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    return JSONResponse(
        {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail},
        status_code=status.value,
        media_type="application/problem+json",
        headers=headers,
    )


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101  (registered for that type alone)
    return problem_response(error.status, error.detail)


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    log.warning("store_unavailable", reason=str(error))
    return problem_response(
        HTTPStatus.SERVICE_UNAVAILABLE, f"rien n'a été enregistré : {error} ; réessayer"
    )


async def _http(_request: Request, error: Exception) -> JSONResponse:
    status = HTTPStatus(getattr(error, "status_code", 500))
    details = {
        HTTPStatus.NOT_FOUND: "cette adresse n'existe pas",
        HTTPStatus.METHOD_NOT_ALLOWED: "méthode refusée à cette adresse",
    }
    return problem_response(status, details.get(status, status.phrase))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for that type alone)
    if any(e["loc"][0] == "path" for e in error.errors()):
        return problem_response(HTTPStatus.NOT_FOUND, "rien de ce numéro")
    places = ", ".join(sorted({".".join(map(str, e["loc"][1:])) for e in error.errors()}))
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, f"paramètre refusé : {places}")


async def _bug(_request: Request, _error: Exception) -> JSONResponse:
    # The server logs the exception itself.
    return problem_response(
        HTTPStatus.INTERNAL_SERVER_ERROR, "erreur interne, notée au journal du processus"
    )


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(StoreUnavailable, _unavailable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)
