"""Ready is said only while every part that pages lives."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from alertmanager.store.database import StoreUnavailable
from alertmanager.webhook import health

PARTS = ("courier", "intake", "fetching")


def _ask(dead="", check=lambda: None):
    parts = {name: SimpleNamespace(alive=lambda name=name: name != dead) for name in PARTS}
    pager = SimpleNamespace(store=SimpleNamespace(check=check), **parts)
    app = FastAPI()
    app.include_router(health.router(pager))

    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pager.test") as client:
            return await client.get("/-/ready")

    return asyncio.run(ask())


def test_all_live():
    assert _ask().status_code == 200


@pytest.mark.parametrize("dead", PARTS)
def test_one_that_died_is_named(dead):
    answer = _ask(dead)
    assert answer.status_code == 503
    words = {"courier": "boucles d'envoi", "intake": "prend les envois", "fetching": "courriel"}
    assert words[dead] in answer.json()["detail"]


def test_a_store_that_fails_is_not_ready():
    def check():
        raise StoreUnavailable("disque plein")

    assert "disque plein" in _ask(check=check).json()["detail"]
