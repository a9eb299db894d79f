"""The pages in a real Chromium: accessible, narrow, dark, and the same without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from dashboards.status.links import member_token

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "RGAAv4", "best-practice"]}
START = "2026-05-01T05:11:05Z"
LONG = "Messagerie" + "intercommunale" * 8


def incident(number, impact, scope="service", **more):
    return {
        "id": str(number), "service": "messagerie", "scope": scope, "member": None,
        "impact": impact, "started_at": START, "acknowledged_at": None, "resolved_at": None, **more,
    }  # fmt: skip


STATES = {
    "calm": [incident(1, "outage", resolved_at="2026-05-01T05:11:50Z")],
    "disturbed": [incident(1, "degraded", acknowledged_at="2026-05-01T05:11:30Z")],
    "down": [
        incident(1, "outage"),
        incident(2, "degraded", "member", member="valmont", service="sauvegarde"),
    ],
    "unknown": [],
}
HEADLINES = {
    "calm": "Tous les services fonctionnent",
    "disturbed": "Un service est perturbé",
    "down": "Un service est en panne",
    "unknown": "L’état des services est inconnu",
}
VALMONT = f"/m/{member_token(b'0123456789abcdef' * 3, 'valmont')}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", headless=True, args=FLAGS
        )
        yield browser
        browser.close()


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_light_and_dark_narrow_and_wide(bench, browser, state):
    bench.webhook.incidents = STATES[state]
    bench.webhook.status = 503 if state == "unknown" else 200
    bench.shows(HEADLINES[state], VALMONT)
    for path in ("/", VALMONT):
        for scheme in ("light", "dark"):
            for width in (320, 1280):
                # The page's own policy forbids scripts, hence axe's: lifted for axe alone.
                context = browser.new_context(
                    bypass_csp=True,
                    color_scheme=scheme,
                    locale="fr-FR",
                    viewport={"width": width, "height": 700},
                )
                page = context.new_page()
                page.goto(bench.url + path)
                found = Axe().run(page, options=RULES)
                where = f"{state} {path} {scheme} {width}"
                assert found.violations_count == 0, f"{where}\n{found.generate_report()}"
                assert page.evaluate("document.documentElement.scrollWidth") <= width, where
                context.close()


@pytest.mark.parametrize("path", ["accessibilite", "nulle-part"])
def test_the_other_pages_are_accessible_too(bench, browser, path):
    for scheme in ("light", "dark"):
        context = browser.new_context(
            bypass_csp=True, color_scheme=scheme, viewport={"width": 320, "height": 700}
        )
        page = context.new_page()
        page.goto(f"{bench.url}/{path}")
        found = Axe().run(page, options=RULES)
        assert found.violations_count == 0, found.generate_report()
        context.close()


def test_the_text_is_the_same_without_javascript_and_nothing_is_asked_elsewhere(bench, browser):
    bench.webhook.incidents = STATES["down"]
    bench.shows(HEADLINES["down"], VALMONT)
    texts, asked, complaints = [], set(), []
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.on("request", lambda request: asked.add(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(bench.url + VALMONT)
        texts.append(page.locator("body").inner_text())
        assert context.cookies() == []
        context.close()
    assert texts[0] == texts[1]
    assert "Un service est en panne" in texts[0]
    assert all(url.startswith(bench.url) for url in asked)
    assert 2 <= len(asked) <= 3
    assert complaints == []  # the strict policy blocks nothing that the page needs


def test_very_long_names_do_not_widen_a_narrow_page(bench, browser):
    page = browser.new_page(viewport={"width": 320, "height": 700})
    body = bench.page(VALMONT).replace("Valmont-sur-Lys", LONG).replace("Messagerie", LONG)
    page.route(
        bench.url + VALMONT, lambda route: route.fulfill(body=body, content_type="text/html")
    )
    page.goto(bench.url + VALMONT)
    assert page.locator("h1").inner_text().startswith(LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()


def test_a_reader_may_have_the_page_reload_itself_and_stop_it_again(bench, browser):
    page = browser.new_page()
    page.goto(bench.url + VALMONT)
    page.get_by_role("link", name="actualiser chaque minute").click()
    assert page.url == f"{bench.url}{VALMONT}suivi"
    assert page.locator('meta[http-equiv="refresh"]').count() == 1
    page.get_by_role("link", name="Arrêter l’actualisation automatique").click()
    assert page.url == bench.url + VALMONT
    page.close()


def test_the_skip_link_is_the_first_stop_of_the_keyboard_and_shows_itself(bench, browser):
    page = browser.new_page(viewport={"width": 320, "height": 700})
    page.goto(bench.url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Aller au contenu")
    assert skip.evaluate("e => e === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"
    page.close()


def test_the_accessibility_check_sees_a_fault_that_is_put_there(bench, browser):
    context = browser.new_context(bypass_csp=True, color_scheme="dark")
    page = context.new_page()
    page.goto(bench.url)
    page.add_style_tag(content=".age { color: #333 !important }")
    assert [rule["id"] for rule in Axe().run(page, options=RULES).response["violations"]] == [
        "color-contrast"
    ]
    context.close()
