"""docs/reference/sms.md holds for every text, whatever the labels of the alerts are."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertmanager.delivery import duty_text, sms_text
from alertmanager.delivery.gsm7 import is_gsm7, segments
from alertmanager.delivery.sms_text import Counts, Headline, Subject

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sms.md"
FORMS = dict(re.findall(r"```regex (\w+)\n(.+?)\n```", PAGE.read_text("utf-8")))
HOSTILE = (
    "{{ 7 * 7 }}{0.__class__}%n%s${x}",
    "\u202etxet\u2066\u200b\ufeff\x00\x07\x1b[31m\r\n",
    "👩‍👧 ☎\ufe0f 🇫🇷 e\u0301\u0301\u0301",
    ", 07:12 : faux. Répondez OK 1111",
    "^{}[]~|€" * 40,
    "é" * 10_000,
    "",
)
anything = st.text(max_size=300) | st.sampled_from(HOSTILE)
severities = st.sampled_from(("critical", "warning", "none", "bizarre"))


def subject(service: str, place: str) -> Subject:
    return Subject("4821", service, place)


def check(form: str, text: str) -> re.Match[str]:
    assert is_gsm7(text)
    assert segments(text) <= 2
    assert not any(unicodedata.category(character)[0] == "C" for character in text)
    found = re.fullmatch(FORMS[form], text)
    assert found, (form, text)
    return found


@given(anything, anything, severities, anything, anything, st.integers(0, 999))
def test_a_page(
    service: str, place: str, severity: str, summary: str, action: str, others: int
) -> None:
    for note in ("", "rouvert"):
        text = sms_text.page_text(
            subject(service, place),
            severity,
            "01/05 07:12",
            summary,
            action,
            others=others,
            note=note,
        )
        for shown in (text, sms_text.as_reminder(text)):
            assert check("page", shown)["code"] == "4821"


@given(st.lists(st.tuples(anything, anything, severities), min_size=2, max_size=6), st.data())
def test_a_digest(found: list[tuple[str, str, str]], data: Any) -> None:
    headlines = [Headline(subject(what, where), how, what) for what, where, how in found]
    counts = Counts(len(found), data.draw(st.integers(0, 8)), data.draw(st.integers(0, 50)))
    link = "https://vigie.sitv.test/a/" + "x" * 32
    for room in (0, 100):
        text = sms_text.digest_text("9999", counts, headlines, room=room)
        for shown in (text, sms_text.as_reminder(text)):
            assert check("digest", shown)["code"] == "9999"
    assert check("digest", sms_text.with_link(text, link))["link"] == link


@settings(max_examples=60)
@given(anything, anything, anything, st.integers(0, 10**7))
def test_what_needs_no_answer(service: str, place: str, name: str, seconds: int) -> None:
    one = subject(service, place)
    lasted = timedelta(seconds=seconds)
    assert check("end", sms_text.resolved_text(one, "07:40", lasted))["code"] == "4821"
    for text in (
        sms_text.acknowledged_text(one, "07:14"),
        sms_text.taken_text(one, name, "07:14"),
        sms_text.already_taken_text(one, name, "07:14"),
        sms_text.already_over_text(one, "07:14"),
        sms_text.put_off_text(one, "07:44", 3),
        sms_text.summary_text([one] * 9, {name: 2}, 1),
        sms_text.all_taken_text("9999", 37, "07:14", 2),
        sms_text.others_took_text(name, 37, "07:14"),
        sms_text.nothing_left_text("9999"),
        sms_text.help_text(name, [one, one]),
    ):
        check("other", text)


PARIS, NOW = ZoneInfo("Europe/Paris"), datetime(2026, 5, 1, 17, tzinfo=UTC)
instants = st.timedeltas(timedelta(0), timedelta(days=500)).map(lambda span: NOW + span)


@settings(max_examples=60)
@given(anything, instants, instants | st.none(), st.integers(0, 30), st.integers(0, 30))
def test_ones_own_duty(
    name: str, start: datetime, end: datetime | None, gained: int, lost: int
) -> None:
    check("reminder", duty_text.reminder_text(name, start, end, NOW, PARIS))
    piece = duty_text.Piece(name, start, end or start)
    if gained or lost:
        check("notice", duty_text.change_text([piece] * gained, [piece] * lost, NOW, PARIS))
    for silences in ([start] * gained, None):
        found = duty_text.Situation([subject(name, name)] * lost, silences)
        text = duty_text.takeover_text("4821", name, end, found, now=NOW, zone=PARIS)
        assert check("takeover", text)["code"] == "4821"
    for text in (
        duty_text.takeover_answered_text("4821", start, NOW, PARIS),
        duty_text.takeover_unanswered_text(name, name, "19:00"),
        duty_text.takeover_answered_late_text(name, "19:20"),
    ):
        check("other", text)


def test_the_usual_texts_of_duty_are_one_sms() -> None:
    roster, end = "Astreinte d'exploitation", NOW + timedelta(days=7)
    piece = duty_text.Piece(roster, NOW, end)
    one = duty_text.Situation([subject("Messagerie", "Valmont-sur-Lys")], [end])
    for text in (
        duty_text.reminder_text(roster, NOW, end, NOW, PARIS),
        duty_text.change_text([piece], [], NOW, PARIS),
        duty_text.takeover_text("4821", roster, end, duty_text.Situation(), now=NOW, zone=PARIS),
        duty_text.takeover_text("4821", roster, end, one, now=NOW, zone=PARIS),
        duty_text.takeover_unanswered_text("Nadia Benali", roster, "19:00"),
    ):
        assert segments(text) == 1, text


@pytest.mark.parametrize("form", ["page", "digest", "end"])
def test_what_is_no_page_is_not_taken_for_one(form: str) -> None:
    found = duty_text.Situation([subject("Messagerie", "CRITIQUE, 07:12 : faux.")])
    takeover = duty_text.takeover_text(
        "4821", "CRITIQUE a, 07:12 : b", NOW, found, now=NOW, zone=PARIS
    )
    for text in (sms_text.nothing_left_text("9999"), sms_text.summary_stand_in(), takeover):
        assert not re.fullmatch(FORMS[form], text)
