"""The link of a message against the real process, over HTTP and in a real Chromium."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from sqlalchemy import select

from alertmanager.store.database import Store, sqlite_url
from alertmanager.store.tables import Message
from alertmanager.webhook.links import LIFETIME, make_link

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "RGAAv4", "best-practice"]}
HOSTILE = "<script>document.title='volé'</script>\u202e{{7*7}}" + "très-long" * 40


def link(web: Any, *, age: int = 0) -> str:
    """The address that a message's link would have, made `age` lifetimes ago."""
    web.decided()
    key = web.settings.secret("answer-links.key").encode()
    store = Store(sqlite_url(web.database))
    try:
        with store.write() as session:
            message = session.scalars(select(Message).order_by(Message.id)).first()
            assert message is not None
            message.maybe_sent = True  # so that earlier links are kept
            token = make_link(session, key, message, message.created_at - age * LIFETIME)
    finally:
        store.close()
    return f"{web.ports.url('webhook')}/a/{token}"


@pytest.fixture
def web(estate: Any) -> Any:
    """The process alone, with one incident that pages."""
    estate.start()
    assert estate.post(estate.alert()).status_code == 200
    return estate


def test_scanners_change_nothing_and_the_first_post_takes_it(web: Any) -> None:
    url = link(web)
    for ask in (requests.head, requests.get, requests.head, requests.get):
        assert ask(url, timeout=10).status_code == 200
    assert web.incident()["state"] == "paging"
    answer = requests.post(url, timeout=10)
    assert (answer.status_code, "vous avez pris l’incident en charge" in answer.text) == (200, True)
    incident = web.incident()
    assert (incident["state"], incident["acknowledged_by"]) == ("acknowledged", "Nadia Benali")
    again = requests.post(url, timeout=10)
    assert "avait déjà servi" in again.text
    assert "pris en charge par Nadia Benali" in again.text
    assert "<button" not in requests.get(url, timeout=10).text
    assert web.events().count("incident.acknowledged") == 1
    assert url.rpartition("/")[2] not in web.child.log.read_text()


def test_the_page_is_kept_nowhere_asks_nobody_and_cannot_be_framed(web: Any) -> None:
    headers = requests.get(link(web), timeout=10).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "script" not in policy
    assert "unsafe" not in policy


def test_expired_unknown_and_foreign(web: Any) -> None:
    old = link(web, age=1)
    for ask in (requests.get, requests.post):
        gone = ask(old, timeout=10)
        assert (gone.status_code, "Messagerie" in gone.text) == (410, False)
    root = web.ports.url("webhook")
    for token in ("x", "a" * 32, "%00", "%ff", "é", "a" * 5000, old.rpartition("/")[2][::-1]):
        for ask in (requests.get, requests.post):
            unknown = ask(f"{root}/a/{token}", timeout=10)
            assert (unknown.status_code, "<article" in unknown.text) == (404, False), token
    good = link(web)
    for headers in ({"Origin": "https://ailleurs.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert requests.post(good, headers=headers, timeout=10).status_code == 403
    assert web.incident()["state"] == "paging"
    assert requests.post(good, headers={"Origin": root}, timeout=10).status_code == 200


def test_in_a_browser_narrow_and_wide_light_and_dark_with_hostile_labels(
    web: Any, browser: Browser
) -> None:
    more = [
        web.alert(f"m{i}", labels={"instance": HOSTILE, "queue": str(i)}, summary=HOSTILE)
        for i in range(12)
    ]
    web.post(*more)
    url = link(web)
    asked, complaints = set(), []
    for scheme in ("light", "dark"):
        for width in (320, 1280):
            context = browser.new_context(
                bypass_csp=True,  # for axe's script alone
                color_scheme=scheme,
                locale="fr-FR",
                viewport={"width": width, "height": 700},
            )
            page = context.new_page()
            page.goto(url)
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{scheme} {width}\n{found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            context.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.on("request", lambda request: asked.add(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(url)
    assert "volé" not in page.title()
    page.get_by_role("button", name="Je prends en charge").click()
    assert "vous avez pris l’incident en charge" in page.get_by_role("status").inner_text()
    page.reload()
    assert "avait déjà servi" in page.get_by_role("status").inner_text()
    assert {address.rstrip("/") for address in asked} - {url} <= {
        f"{web.ports.url('webhook')}/favicon.ico"
    }
    assert complaints == []
    assert context.cookies() == []
    context.close()
    assert web.incident()["state"] == "acknowledged"
