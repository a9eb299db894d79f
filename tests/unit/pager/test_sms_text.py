"""What people read on their phone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmanager.delivery.gsm7 import is_gsm7, segments
from alertmanager.delivery.sms_text import (
    Subject,
    acknowledged_text,
    already_over_text,
    already_taken_text,
    as_reminder,
    clock,
    help_text,
    page_text,
    resolved_text,
    taken_text,
    with_link,
)

MAIL = Subject("4821", "Messagerie", "Valmont-sur-Lys")
PARIS = ZoneInfo("Europe/Paris")
SUMMARY = (
    "compte j.martin@ville-valmont.test piraté probable, 1840 destinataires en 2 min"
    " depuis 12 adresses"
)
any_text = st.text(max_size=500)


def test_the_page_says_what_where_since_when_what_to_do_and_how_to_answer() -> None:
    text = page_text(MAIL, "critical", "07:13", SUMMARY, "Bloquer le compte, purger sa file.")
    assert text == (
        "VIGIE 4821 CRITIQUE Messagerie, Valmont-sur-Lys, 07:13 : compte"
        " j.martin@ville-valmont.test piraté probable, 1840 destinataires en 2 min depuis 12"
        " adresses. Bloquer le compte, purger sa file. Répondez OK 4821"
    )
    assert segments(text) == 2


def test_what_is_too_long_is_taken_from_the_summary_first() -> None:
    text = page_text(MAIL, "critical", "07:13", SUMMARY * 5, "Bloquer le compte, purger sa file.")
    assert segments(text) == 2
    assert "compte j.martin@ville-valmont.test piraté probable" in text
    assert text.endswith("... Bloquer le compte, purger sa file. Répondez OK 4821")


def test_a_long_action_keeps_its_beginning() -> None:
    text = page_text(MAIL, "warning", "07:13", SUMMARY * 5, "Bloquer le compte tout de suite " * 20)
    assert segments(text) == 2
    assert "AVERTISSEMENT" in text
    assert "Bloquer le compte tout de suite Bloquer le compte" in text
    assert text.endswith("Répondez OK 4821")


def test_the_other_alerts_are_counted() -> None:
    assert " (+1 autre). " in page_text(MAIL, "critical", "07:13", "a", "b", others=1)
    assert " (+12 autres). " in page_text(MAIL, "critical", "07:13", "a", "b", others=12)


def test_a_reminder_says_so_after_the_code() -> None:
    text = page_text(MAIL, "critical", "07:13", SUMMARY * 5, "Agir")
    assert as_reminder(text).startswith("VIGIE 4821 (rappel) CRITIQUE ")
    assert segments(as_reminder(text)) == 2


@settings(deadline=None)  # the machine is shared
@given(any_text, any_text, any_text, any_text, any_text, st.integers(0, 10**6))
def test_whatever_the_payload_holds_the_page_fits_and_can_be_answered(
    service: str, place: str, severity: str, summary: str, action: str, others: int
) -> None:
    subject = Subject("4821", service, place)
    text = as_reminder(page_text(subject, severity, "30/04 07:13", summary, action, others=others))
    assert is_gsm7(text)
    assert segments(text) <= 2
    assert text.startswith("VIGIE 4821 (rappel) ")
    assert text.endswith("Répondez OK 4821")


@settings(deadline=None)  # the machine is shared
@given(any_text, any_text, any_text, st.integers(0, 10**7))
def test_every_other_text_fits_too(service: str, place: str, name: str, seconds: int) -> None:
    subject = Subject("4821", service, place)
    texts = [
        resolved_text(subject, "30/04 07:13", timedelta(seconds=seconds)),
        acknowledged_text(subject, "30/04 07:13"),
        taken_text(subject, name, "30/04 07:13"),
        already_taken_text(subject, name, "30/04 07:13"),
        already_over_text(subject, "30/04 07:13"),
        help_text(name, [subject] * 30),
        help_text("message non compris.", []),
    ]
    assert all(is_gsm7(text) and segments(text) <= 2 for text in texts)


def test_the_end_says_how_long_it_lasted() -> None:
    spans = {
        timedelta(seconds=12): "moins d'une minute",
        timedelta(minutes=28): "28 min",
        timedelta(hours=3, minutes=5): "3 h 05",
        timedelta(days=4): "4 jours",
    }
    for lasted, said in spans.items():
        assert resolved_text(MAIL, "07:41", lasted) == (
            f"VIGIE 4821 TERMINÉ Messagerie, Valmont-sur-Lys, 07:41. Durée : {said}. Merci."
        )


def test_times_are_the_site_s_with_the_date_when_it_is_not_today() -> None:
    now = datetime(2026, 5, 1, 5, 20, tzinfo=UTC)
    assert clock(datetime(2026, 5, 1, 5, 13, tzinfo=UTC), now, PARIS) == "07:13"
    assert clock(datetime(2026, 4, 30, 21, 59, tzinfo=UTC), now, PARIS) == "30/04 23:59"
    assert clock(datetime(2026, 4, 30, 22, 1, tzinfo=UTC), now, PARIS) == "00:01"


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://vigie.exemple.test/a/" + "x" * 43, True),
        ("http://vigie.exemple.test/a/" + "x" * 43, False),  # anyone on the way could read it
        ("https://vigie.exemple.test/" + "x" * 300, False),
    ],
)
def test_a_digest_says_where_all_of_it_is_shown(link: str, shown: bool) -> None:
    text = "VIGIE 4821 : 37 incidents, 5 communes. Répondez OK 4821 pour tout prendre"
    linked = with_link(text, link)
    assert linked == (f"{text}. Tout voir : {link}" if shown else text)
    assert segments(linked) <= 2
