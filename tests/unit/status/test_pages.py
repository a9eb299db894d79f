"""The HTML, the JSON and the feed of an audience."""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from dashboards.status.french_time import full_instant, span
from dashboards.status.render_html import Contact
from dashboards.status.site import Site
from dashboards.status.words import STATE_WORDS, incident_sentence
from inventory import Inventory

PARIS = ZoneInfo("Europe/Paris")
ATOM = "{http://www.w3.org/2005/Atom}"


class Outline(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def files(site, knowing, attack, down, over, now):
    acknowledged = dataclasses.replace(attack, acknowledged_at=now - timedelta(seconds=40))
    return site.files(knowing(acknowledged, down, over), now, site.audiences["valmont"])


def test_the_page_says_what_since_when_and_who_has_it_in_paris_time(files):
    text = Outline(files[""]).text
    assert "Valmont-sur-Lys : état des services" in text
    assert "L’envoi et la réception des messages peuvent prendre du retard." in text
    assert "Depuis le vendredi 1er mai 2026 à 7 h 13 ." in text.replace("\u00a0", " ")
    assert "Pris en charge par l’astreinte le vendredi 1er mai 2026 à 7 h 15" in text
    assert "Mis à jour à 7 h 16" in text
    assert "Le mercredi 29 avril 2026, de 4 h 16 à 6 h 08 . Durée : 1 heure et 52 minutes." in text


@pytest.mark.parametrize("name", ["", "suivi", "accessibilite"])
def test_every_page_has_one_h1_one_main_a_skip_link_and_french_as_its_language(files, name):
    tags = Outline(files[name]).tags
    names = [tag for tag, _ in tags]
    assert names.count("h1") == names.count("main") == 1
    assert ("html", {"lang": "fr"}) in tags
    assert next(attributes for tag, attributes in tags if tag == "a")["href"] == "#contenu"


@pytest.mark.parametrize("name", ["", "suivi", "accessibilite"])
def test_no_page_has_a_script_an_inline_style_or_a_third_party_address(files, name):
    for tag, attributes in Outline(files[name]).tags:
        assert tag not in ("script", "style", "iframe", "img", "form")
        assert not [a for a in attributes if a == "style" or a.startswith("on")]
        for attribute in ("href", "src"):
            target = attributes.get(attribute) or ""
            assert not target.startswith(("http", "//")), target


def test_only_the_page_that_the_reader_asked_to_be_live_reloads_itself(files):
    assert b'http-equiv="refresh"' not in files[""]
    assert b'<meta http-equiv="refresh" content="60">' in files["suivi"]


def test_the_home_page_and_its_style_weigh_less_than_15_kilobytes_compressed(
    files, site, knowing, now
):
    shared = site.render(knowing(), now).shared
    packed = sum(len(gzip.compress(body)) for body in (files[""], *shared.values()))
    assert packed < 15_000


def test_every_page_links_to_the_accessibility_declaration_that_admits_no_audit_was_made(files):
    assert "Accessibilité : non conforme" in Outline(files[""]).text.replace("\u00a0", " ")
    assert ("a", {"href": "accessibilite"}) in Outline(files[""]).tags
    declaration = Outline(files["accessibilite"]).text
    assert "aucun audit de conformité n’a encore été réalisé" in declaration
    assert "Défenseur des droits" in declaration


def test_a_hostile_name_stays_text(towns: Inventory, knowing, now):
    evil = towns.members[0].model_copy(update={"name": '<script>alert("x")</script>'})
    site = Site(
        towns.model_copy(update={"members": (evil,)}),
        b"k" * 40,
        base="https://etat.test/",
        contact=Contact(text="<b>&</b>"),
    )
    page = site.files(knowing(), now, site.audiences["valmont"])[""]
    assert b"<script" not in page
    assert b"<b>" not in page
    ET.fromstring(site.files(knowing(), now, site.audiences["valmont"])["feed.atom"])


def test_the_page_keeps_the_same_bytes_for_a_minute(site, knowing, now, attack):
    audience = site.audiences[""]
    first = site.files(knowing(attack, age=0), now, audience)
    assert first == site.files(knowing(attack, age=15), now + timedelta(seconds=20), audience)


def test_no_sentence_of_any_service_names_a_machine_or_ends_without_a_full_stop():
    for service in ("messagerie", "hebergement", "sauvegarde", "autre"):
        for scope in ("service", "common", "member"):
            for impact in ("degraded", "outage"):
                sentence = incident_sentence(service, scope, impact)
                assert sentence.endswith(".")
                assert ("votre commune" in sentence) == (scope == "member"), sentence


def test_the_four_states_have_four_words():
    assert sorted(STATE_WORDS.values()) == ["En panne", "Fonctionne", "Inconnu", "Perturbé"]


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 5, 1, 5, 13, 5, tzinfo=UTC), "vendredi 1er mai 2026 à 7 h 13"),
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), "jeudi 1er janvier 2026 à 1 h 00"),
        (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), "dimanche 25 octobre 2026 à 2 h 59"),
        (datetime(2026, 10, 25, 1, 59, tzinfo=UTC), "dimanche 25 octobre 2026 à 2 h 59"),
        (datetime(2026, 12, 31, 23, 5, tzinfo=UTC), "vendredi 1er janvier 2027 à 0 h 05"),
    ],
)
def test_instants_are_written_in_full_in_paris_time(instant, text):
    assert full_instant(instant, PARIS).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "moins d’une minute"),
        (59, "moins d’une minute"),
        (60, "1 minute"),
        (3 * 3600 + 300, "3 heures et 5 minutes"),
        (86400 * 2 + 3600, "2 jours et 1 heure"),
    ],
)
def test_spans_are_written_in_words(seconds, text):
    assert span(timedelta(seconds=seconds)).replace("\u00a0", " ") == text


def document(files, name):
    return json.loads(files[f"api/v2/{name}.json"])


def test_the_json_has_every_document_of_the_statuspage_api_with_the_same_page(files):
    names = {n.removeprefix("api/v2/") for n in files if n.startswith("api/v2/")}
    assert names == {
        "summary.json", "status.json", "components.json", "incidents.json",
        "incidents/unresolved.json", "scheduled-maintenances.json",
        "scheduled-maintenances/active.json", "scheduled-maintenances/upcoming.json",
    }  # fmt: skip
    pages = [json.loads(files[f"api/v2/{name}"])["page"] for name in names]
    assert all(page == pages[0] for page in pages)
    assert pages[0]["updated_at"] == "2026-05-01T05:16:00Z"
    assert pages[0]["url"].startswith("https://etat.deux-rives.test/m/")


def test_the_json_summary_gives_the_states_and_the_open_incidents(files):
    summary = document(files, "summary")
    assert summary["status"] == {"indicator": "major", "description": "Un service est en panne"}
    assert {c["id"]: c["status"] for c in summary["components"]} == {
        "messagerie": "degraded_performance",
        "hebergement": "major_outage",
        "sauvegarde": "operational",
    }
    assert [(i["status"], i["impact"]) for i in summary["incidents"]] == [
        ("identified", "minor"),
        ("investigating", "major"),
    ]
    assert summary["scheduled_maintenances"] == []
    assert document(files, "scheduled-maintenances")["scheduled_maintenances"] == []


def test_the_json_incidents_add_those_that_are_over_with_their_steps_newest_first(files):
    last = document(files, "incidents")["incidents"][-1]
    assert last["status"] == "resolved"
    assert [u["status"] for u in last["incident_updates"]] == [
        "resolved",
        "identified",
        "investigating",
    ]
    assert [c["id"] for c in last["components"]] == ["hebergement"]
    assert len(document(files, "incidents/unresolved")["incidents"]) == 2


def test_the_json_never_calls_an_unmeasured_service_operational(site, knowing, now):
    files = site.files(knowing(age=3600), now, site.audiences[""])
    for component in document(files, "components")["components"]:
        assert component["status"] != "operational"
        assert component["state"] == "unknown"
    assert document(files, "status")["status"]["indicator"] == "minor"


def test_the_feed_has_one_entry_an_incident_with_ids_that_never_change(
    site, knowing, attack, over, now
):
    audience = site.audiences["valmont"]

    def entries(knowledge, at):
        root = ET.fromstring(site.files(knowledge, at, audience)["feed.atom"])
        return root, {
            e.findtext(f"{ATOM}id"): e.findtext(f"{ATOM}updated")
            for e in root.findall(f"{ATOM}entry")
        }

    root, before = entries(knowing(attack, over), now)
    ended = dataclasses.replace(attack, resolved_at=now)
    _, after = entries(knowing(ended, over), now + timedelta(minutes=1))
    assert before.keys() == after.keys()
    assert len(before) == 2
    assert sum(before[i] != after[i] for i in before) == 1
    assert root.findtext(f"{ATOM}updated") == "2026-05-01T05:13:05Z"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
