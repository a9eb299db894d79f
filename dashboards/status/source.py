"""Reads what the page is made of: the webhook's public state, and Prometheus's proof of watching.

SourceError    a source could not be read; the message (French) holds no secret
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import requests
from pydantic import AwareDatetime, BaseModel, ValidationError, model_validator

from dashboards.status.model import Impact, Incident, Scope
from inventory.config import read_secret

TIMEOUT = (2.0, 4.0)  # seconds to connect, to wait for bytes
PATIENCE = 8.0  # seconds for a whole answer, however slowly its bytes come
LARGEST_ANSWER = 4_000_000  # bytes; seven days of incidents are far below
_PIECE = 16_384
WATCHDOG = 'ALERTS{alertname="Watchdog",alertstate="firing"}'


class SourceError(Exception):
    """What could not be read and why."""


class _PublicIncident(BaseModel):
    id: str
    service: str
    scope: Scope
    member: str | None = None
    impact: Impact
    started_at: AwareDatetime
    acknowledged_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _whose(self) -> _PublicIncident:
        if self.scope == "member" and not self.member:
            raise ValueError("scope member without a member")
        return self


class _PublicState(BaseModel):
    generated_at: AwareDatetime
    incidents: list[_PublicIncident]


def _session() -> requests.Session:
    session = requests.Session()
    # Both servers are ours and near: a proxy or a .netrc of the environment
    # would send the bearer token elsewhere, or replace it.
    session.trust_env = False
    session.headers["Accept"] = "application/json"
    return session


def _ask(session: requests.Session, method: str, url: str, what: str, **options: Any) -> Any:
    """The JSON at `url`, of bounded length and patience. Raise SourceError.

    The length counts what was unpacked: a few compressed kilobytes can hold gigabytes.
    """
    end = monotonic() + PATIENCE
    body = bytearray()
    try:
        with session.request(
            method, url, timeout=TIMEOUT, allow_redirects=False, stream=True, **options
        ) as response:
            if response.status_code != requests.codes.ok:
                raise SourceError(f"{what} : réponse {response.status_code}")
            for piece in response.iter_content(_PIECE):
                body += piece
                if len(body) > LARGEST_ANSWER:
                    raise SourceError(f"{what} : réponse trop longue")
                if monotonic() > end:
                    raise SourceError(f"{what} : réponse trop lente")
    except requests.RequestException as error:
        raise SourceError(f"{what} : injoignable ({type(error).__name__})") from None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise SourceError(f"{what} : la réponse n'est pas du JSON") from None


class WebhookSource:
    """The open and recent incidents, from ``GET /api/v1/status/incidents``."""

    name = "webhook"

    def __init__(self, url: str, token_file: Path) -> None:
        self._url = f"{url}/api/v1/status/incidents"
        self._token_file = token_file
        self._session = _session()

    def read(self) -> tuple[Incident, ...]:
        """Every incident of the answer, newest first. Raise SourceError.

        One entry that breaks the contract makes the whole answer unread: an
        incident left out would show a service that works.
        """
        try:
            token = read_secret(self._token_file).get_secret_value()
            headers = {"Authorization": f"Bearer {token}"}
            answer = _ask(self._session, "GET", self._url, self.name, headers=headers)
            state = _PublicState.model_validate(answer)
        except ValidationError as error:
            where = ".".join(str(step) for step in error.errors()[0]["loc"])
            raise SourceError(f"webhook : réponse hors contrat ({where})") from None
        except ValueError as error:  # the token's file
            raise SourceError(f"webhook : {error}") from None
        return tuple(Incident(**dict(incident)) for incident in state.incidents)


class PrometheusSource:
    """Which services are being measured now, from Prometheus's query API."""

    name = "prometheus"

    def __init__(self, url: str, services: Mapping[str, str]) -> None:
        """`services`: the proof (PromQL) of each service; see `settings.PrometheusSettings`."""
        self._url = f"{url}/api/v1/query"
        self._services = services
        self._session = _session()

    def _above_zero(self, query: str) -> bool:
        answer = _ask(self._session, "POST", self._url, self.name, data={"query": query})
        try:
            samples = answer["data"]["result"]
            return any(float(sample["value"][1]) > 0 for sample in samples)
        except (KeyError, IndexError, TypeError, ValueError):
            raise SourceError("prometheus : réponse illisible") from None

    def read(self) -> frozenset[str]:
        """Ids of the services that are measured now. Raise SourceError."""
        proofs = set(self._services.values())
        proven = {query for query in proofs if self._above_zero(query)}
        return frozenset(s for s, query in self._services.items() if query in proven)
