"""What the process answers over HTTP."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from prometheus_client import CollectorRegistry

from dashboards.status.app import Shelf, build_app


class Client:
    """Asks the application without a socket; each answer is an `httpx.Response`."""

    def __init__(self, app):
        self._transport = httpx.ASGITransport(app)

    def ask(self, method, path, headers=None):
        async def send():
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://etat.test"
            ) as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(send())

    def get(self, path, headers=None):
        return self.ask("GET", path, headers)


@pytest.fixture
def shelf(site, knowing, attack, down, now) -> Shelf:
    shelf = Shelf()
    shelf.put(site.render(knowing(attack, down), now))
    return shelf


@pytest.fixture
def client(site, shelf) -> Client:
    return Client(build_app(shelf, site.tokens, CollectorRegistry()))


@pytest.fixture
def mine(site) -> str:
    return f"/m/{site.tokens['valmont']}/"


def test_the_public_page_and_its_files_are_served_with_their_types(client):
    for path, kind in {
        "/": "text/html; charset=utf-8",
        "/accessibilite": "text/html; charset=utf-8",
        "/feed.atom": "application/atom+xml; charset=utf-8",
        "/style.css": "text/css; charset=utf-8",
        "/icon.svg": "image/svg+xml",
        "/api/v2/incidents/unresolved.json": "application/json; charset=utf-8",
    }.items():
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind), path


def test_every_answer_has_the_strict_headers_and_no_cookie(client, mine):
    for path in ("/", mine, "/nulle-part", "/-/healthy", "/m/x", "/metrics"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; style-src 'self'; img-src 'self';"
        )
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


def test_a_page_that_did_not_change_is_not_sent_again(client):
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_page_that_changed_has_another_etag(client, shelf, site, knowing, now):
    before = client.get("/").headers["etag"]
    shelf.put(site.render(knowing(), now))
    after = client.get("/", headers={"If-None-Match": before})
    assert after.status_code == 200
    assert "Tous les services fonctionnent" in after.text


def test_pages_are_compressed_for_those_who_ask(client):
    plain = client.get("/", headers={"Accept-Encoding": "identity"})
    packed = client.get("/", headers={"Accept-Encoding": "br, gzip"})
    refused = client.get("/", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    assert packed.text == plain.text


def test_a_members_page_is_private_unindexed_and_closed_to_other_sites(client, mine):
    assert "Valmont-sur-Lys" in client.get(mine).text
    for path in (mine, f"{mine}api/v2/summary.json", f"{mine}feed.atom"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "private, no-cache"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "access-control-allow-origin" not in headers
    assert client.get("/api/v2/summary.json").headers["access-control-allow-origin"] == "*"


def test_a_link_without_its_last_slash_leads_to_the_page(client, mine):
    answer = client.get(mine.rstrip("/"))
    assert (answer.status_code, answer.headers["location"]) == (308, mine)


@pytest.mark.parametrize(
    "path",
    ["/m/", "/m/valmont/", "/m/" + "A" * 43 + "/", "/m/x/style.css", "/m/%00/", "/x", "/suivi/"],
)
def test_an_unknown_address_is_not_found_and_names_nobody(client, towns, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Page introuvable" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert not [m.name for m in towns.members if m.name in answer.text]


def test_the_public_page_names_no_member(client, towns):
    for path in ("/", "/feed.atom", "/api/v2/summary.json", "/api/v2/incidents.json", "/metrics"):
        text = client.get(path).text
        assert not [m for m in towns.members if m.name in text or m.id in text], path


def test_methods_that_would_change_something_are_refused(client):
    assert client.ask("POST", "/").status_code == 405
    assert client.ask("HEAD", "/").status_code == 200


def test_before_the_first_page_the_process_lives_but_is_not_ready(site):
    client = Client(build_app(Shelf(), site.tokens, CollectorRegistry()))
    assert client.get("/-/healthy").status_code == 200
    assert client.get("/-/ready").status_code == 503
    waiting = client.get("/")
    assert (waiting.status_code, waiting.headers["retry-after"]) == (503, "5")


def test_once_there_is_a_page_the_process_is_ready_and_counts_its_answers(client):
    assert client.get("/-/ready").status_code == 200
    client.get("/nulle-part")
    assert 'vigie_status_http_responses_total{code="404"} 1.0' in client.get("/metrics").text


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready", "/metrics"])
def test_probes_may_ask_for_the_head_alone(client, path):
    assert client.ask("HEAD", path).status_code == 200
