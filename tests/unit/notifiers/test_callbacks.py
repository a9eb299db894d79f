"""What a gateway calls back, by GET or POST: who may, how much, and nothing twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from alertmanager.notifiers.contract import Incoming, NotifierContext, Report
from alertmanager.notifiers.kannel import Kannel, KannelSettings
from alertmanager.store.database import StoreUnavailable
from alertmanager.webhook import answers, callbacks, problems


@dataclass
class Taken:
    """Stands for the pager: only its notifiers are looked at."""

    notifiers: dict[str, Any]
    what: list[tuple[str, Report | Incoming]] = field(default_factory=list)
    trouble: Exception | None = None

    def take(self, _pager: Any, notifier: str, what: Report | Incoming) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.what.append((notifier, what))


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taken:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("x")
    settings = KannelSettings(url="http://127.0.0.1:9/x", username="v", password_file=secret)
    kannel = Kannel(settings, NotifierContext("http://127.0.0.1:9", "kannel.secours"))
    taken = Taken({"kannel.secours": kannel})
    monkeypatch.setattr(answers, "take", taken.take)
    return taken


def ask(
    taken: Taken, path: str, method: str = "GET", source: str = "127.0.0.1", content: bytes = b""
) -> httpx.Response:
    app = FastAPI()
    problems.install(app)
    app.include_router(callbacks.router(taken))  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app, client=(source, 50000))

    async def one() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://vigie") as client:
            return await client.request(method, path, content=content)

    return asyncio.run(one())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_reply_is_taken_with_all_that_came(taken: Taken, method: str) -> None:
    query = "from=%2B33639981003&text=Ok+%C3%A9t%C3%A9%00&id=7&to=36000"
    answer = ask(taken, f"/api/v1/kannel.secours/reply?{query}", method)
    assert (answer.status_code, answer.content) == (200, b"")
    ((name, what),) = taken.what
    assert name == "kannel.secours"
    assert what == Incoming("+33639981003", "Ok été", "7", query.encode())


@pytest.mark.parametrize(
    "query",
    [
        "message=jeton&status=1&status=2",
        "message=jeton&message=autre&status=1",
        "message=jeton",
        "",
        "&".join(f"p{n}=1" for n in range(60)) + "&message=jeton&status=1",
    ],
)
def test_what_is_doubled_missing_or_without_end_is_refused(taken: Taken, query: str) -> None:
    answer = ask(taken, f"/api/v1/kannel.secours/report?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert not taken.what


def test_a_body_too_long_a_stranger_and_a_full_disk(taken: Taken) -> None:
    path = "/api/v1/kannel.secours/report?message=jeton&status=1"
    assert ask(taken, path, "POST", content=b"x" * 70_000).status_code == 413
    assert ask(taken, path, source="192.0.2.1").status_code == 403
    taken.trouble = StoreUnavailable("disque plein")
    assert ask(taken, path).status_code == 503
    assert not taken.what
