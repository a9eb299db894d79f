"""A person's own page on the real process: a turn offered, taken with its cost seen, approved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from deploy.estate.child import wait_until

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "RGAAv4", "best-practice"]}

NADIA, LUC, INES, KEEPER = "nadia.benali", "luc.marchand", "ines.robert", "helene.vasseur"


@pytest.fixture
def web(estate: Any) -> Iterator[Any]:
    estate.settings.write_secret("link.key", "0123456789abcdef0123456789abcdef")
    estate.write(link_key_file="link.key")
    estate.start()
    return estate


def address(web: Any, person: str) -> str:
    headers = {"Authorization": f"Bearer {web.settings.secret('operator.token')}"}
    answer = requests.post(
        web.url(f"people/{person}/address"), json={"person": KEEPER}, headers=headers, timeout=10
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


def get(url: str, status: int = 200) -> str:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == status, answer.text
    assert "script" not in answer.headers["content-security-policy"]
    return answer.text


def post(url: str, **form: str) -> str:
    answer = requests.post(url, data=form, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.text


def first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


def test_a_swap_from_page_to_page(web: Any) -> None:
    luc, nadia, keeper = (address(web, person) for person in (LUC, NADIA, KEEPER))
    page = get(luc)
    assert "Luc Marchand" in page
    turn = first(r'/tours/(astreinte[^"]+)"', page)
    assert "Proposer ce tour" in get(f"{luc}/tours/{turn}")
    page = post(f"{luc}/offres", tour=turn, pour="", note="mariage de ma sœur <b>")
    assert "Votre tour est proposé" in page
    assert "mariage de ma sœur &lt;b&gt;" in page
    swap = first(r"/echanges/([0-9a-f]+)/retirer", page)

    assert swap in get(nadia)
    shown = get(f"{nadia}/echanges/{swap}")
    assert "Délai de prévenance" in shown
    assert "Équité sur 12 mois" in shown
    assert "un responsable doit encore valider" in shown.lower()
    assert "C’est noté" in post(f"{nadia}/echanges/{swap}/prendre")

    wait_until(lambda: web.get("rosters/holes")["looked_at"], "une recherche")
    page = get(keeper)
    assert "À combler" in page
    assert "À combler" not in get(luc)
    assert "Échanges à valider" in page
    assert "pris par Nadia Benali" in page
    assert "Délai de prévenance" in page  # what she was shown that costs
    assert "est validé" in post(f"{keeper}/echanges/{swap}/valider")
    (done,) = web.get("rosters/swaps")["swaps"]
    assert (done["state"], done["taken_by"], done["decided_by"]) == ("approved", NADIA, KEEPER)
    assert done["cost"]["lines"]
    assert turn not in get(luc)
    assert turn in get(nadia)


def test_the_wrong_ones_are_told_so_and_nothing_happens(web: Any) -> None:
    luc, ines = address(web, LUC), address(web, INES)
    turn = first(r'/tours/([^"]+)"', get(luc))
    page = post(f"{luc}/offres", tour=turn, pour=NADIA)
    swap = first(r"/echanges/([0-9a-f]+)/retirer", page)
    assert swap not in get(ines)
    get(f"{ines}/echanges/{swap}", 404)
    assert "proposé à quelqu&#39;un d&#39;autre" in post(f"{ines}/echanges/{swap}/prendre")
    assert "déjà offerte" in post(f"{luc}/offres", tour=turn)
    assert "n&#39;est plus le vôtre" in post(f"{luc}/offres", tour="astreinte~20260101T1800")
    assert "Aucun échange de ce numéro" in post(f"{luc}/echanges/abc/prendre")
    (only,) = web.get("rosters/swaps")["swaps"]
    assert only["state"] == "offered"


def test_another_site_cannot_act_and_a_new_address_ends_the_old(web: Any) -> None:
    luc = address(web, LUC)
    turn = first(r'/tours/([^"]+)"', get(luc))
    headers = {"Origin": "https://ailleurs.test", "Sec-Fetch-Site": "cross-site"}
    answer = requests.post(f"{luc}/offres", data={"tour": turn}, headers=headers, timeout=10)
    assert answer.status_code == 403
    new = address(web, LUC)
    assert "n’existe pas" in get(luc, 404)
    assert "Luc Marchand" in get(new)
    assert requests.post(f"{luc}/offres", data={"tour": turn}, timeout=10).status_code == 404
    many = requests.post(f"{new}/offres", data={f"champ{n}": "x" for n in range(30)}, timeout=10)
    assert many.status_code == 400
    assert web.get("rosters/swaps")["swaps"] == []
    for path in ("moi/x", "moi/" + "A" * 32, f"moi/{'é' * 32}"):
        get(f"{web.ports.url('webhook')}/{path}", 404)


def test_no_number_and_no_other_town_is_on_it(web: Any) -> None:
    page = get(address(web, LUC))
    assert "+336" not in page
    assert "06 39" not in page
    web.post(web.alert())
    assert "MailAccountCompromised" not in get(address(web, LUC))


def test_the_calendars_behind_the_address(web: Any) -> None:
    luc = address(web, LUC)
    for path in ("agenda.ics", "agenda/astreinte.ics"):
        answer = requests.get(f"{luc}/{path}", timeout=10)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/calendar")
        assert answer.content.startswith(b"BEGIN:VCALENDAR\r\n")
        assert b"BEGIN:VTIMEZONE" in answer.content
        assert b"BEGIN:VEVENT" in answer.content
        assert b"+336" not in answer.content
    assert requests.get(f"{luc}/agenda/astrinte.ics", timeout=10).status_code == 404
    address(web, LUC)
    assert requests.get(f"{luc}/agenda.ics", timeout=10).status_code == 404


def test_in_a_browser_narrow_and_wide_light_and_dark(
    web: Any, browser: Browser, tmp_path: Path
) -> None:
    luc, nadia, keeper = (address(web, person) for person in (LUC, NADIA, KEEPER))
    turn = first(r'/tours/(astreinte[^"]+)"', get(luc))
    post(f"{luc}/offres", tour=turn, note="mariage " + "très-long" * 30)
    swap = first(r"/echanges/([0-9a-f]+)/retirer", get(luc))
    other = first(r'/tours/(renfort[^"]+)"', get(luc))
    pages = [luc, f"{luc}/tours/{other}", nadia, f"{nadia}/echanges/{swap}", keeper]
    complaints = []
    for scheme in ("light", "dark"):
        for width in (320, 1280):
            context = browser.new_context(
                bypass_csp=True,  # for axe's script alone
                color_scheme=scheme,
                locale="fr-FR",
                viewport={"width": width, "height": 700},
            )
            page = context.new_page()
            for number, url in enumerate(pages):
                page.goto(url)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (url, scheme, width)
                page.screenshot(path=tmp_path / f"{number}-{scheme}-{width}.png", full_page=True)
                found = Axe().run(page, options=RULES).response["violations"]
                complaints += [(number, scheme, width, one["id"]) for one in found]
            context.close()
    assert complaints == []
    page = browser.new_page(locale="fr-FR")
    page.goto(f"{nadia}/echanges/{swap}")
    page.get_by_role("button", name="Je prends ce tour").click()
    assert page.get_by_role("status").inner_text().startswith("C’est noté")
    page.goto(keeper)
    page.get_by_role("button", name="Valider l’échange de Luc Marchand").click()
    assert "est validé" in page.get_by_role("status").inner_text()
