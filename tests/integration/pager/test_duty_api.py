"""Overrides, leave and swaps over HTTP, and who is paged from then on, by the real process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from deploy.estate.child import wait_until

NADIA, LUC, KEEPER = "nadia.benali", "luc.marchand", "helene.vasseur"


@pytest.fixture
def web(estate: Any) -> Iterator[Any]:
    estate.start()
    return estate


_KEYS = itertools.count()


def order(web: Any, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    headers = {
        "Authorization": f"Bearer {web.settings.secret('operator.token')}",
        "Idempotency-Key": f"k{next(_KEYS)}",
    }
    answer = requests.post(web.url(f"rosters/{path}"), json=body, headers=headers, timeout=10)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def span(web: Any, begin: int, end: int) -> dict[str, str]:
    return {"starts_at": web.morning(begin).isoformat(), "ends_at": web.morning(end).isoformat()}


def paged(web: Any) -> list[str]:
    wait_until(lambda: web.incident()["pages"], "une page")
    return [page["person"] for page in web.incident()["pages"]]


def on_duty(web: Any) -> list[str]:
    (roster, *_) = web.get("duty")["rosters"]
    return [person["id"] for person in roster["people"]]


def test_an_override_pages_whoever_stands_in(web: Any) -> None:
    assert on_duty(web) == [NADIA]
    made = order(
        web,
        "changes",
        person=KEEPER,
        roster="astreinte",
        people=[LUC],
        reason="formation",
        **span(web, -60, 600),
    )
    assert (made["created_by"], made["kind"]) == ("Hélène Vasseur", "override")
    assert on_duty(web) == [LUC]
    web.post(web.alert())
    assert paged(web) == [LUC]
    order(web, f"changes/{made['id']}/cancel", person=KEEPER)
    assert on_duty(web) == [NADIA]
    (shift, *_) = web.get("rosters/astreinte/shifts")["shifts"]
    assert [person["id"] for person in shift["people"]] == [NADIA]
    assert "phone" not in str(shift)


def test_leave_leaves_the_duty_to_the_next_step(web: Any) -> None:
    leave = order(web, "leaves", person=KEEPER, away=NADIA, **span(web, -60, 600))
    assert on_duty(web) == []
    web.post(web.alert())
    assert NADIA not in paged(web)
    order(web, f"leaves/{leave['id']}/cancel", person=KEEPER)
    assert on_duty(web) == [NADIA]


def test_a_swap_from_the_offer_to_the_page(web: Any) -> None:
    tonight = span(web, 60, 600)
    swap = order(web, "swaps", person=NADIA, roster="astreinte", note="rendez-vous", **tonight)
    taken = order(web, f"swaps/{swap['id']}/take", person=LUC)
    texts = " ".join(line["text"] for line in taken["cost"]["lines"])
    assert "0 jour franc, moins de 15" in texts
    assert "Repos" in texts
    refused = order(web, f"swaps/{swap['id']}/approve", 422, person=LUC)
    assert "un tiers" in refused["detail"]
    approved = order(web, f"swaps/{swap['id']}/approve", person=KEEPER)
    assert approved["state"] == "approved"
    late = (web.morning(0) + timedelta(minutes=90)).isoformat().replace("+", "%2B")
    until = (web.morning(0) + timedelta(minutes=120)).isoformat().replace("+", "%2B")
    (shift,) = web.get(f"rosters/astreinte/shifts?starts_at={late}&ends_at={until}")["shifts"]
    assert [person["id"] for person in shift["people"]] == [LUC]
    assert shift["layer"] == f"change:{approved['change_id']}"
    assert [one["state"] for one in web.get("rosters/swaps")["swaps"]] == ["approved"]


def test_what_makes_no_sense_is_a_problem(web: Any) -> None:
    body = {"person": KEEPER, "roster": "astrinte", "people": [LUC], **span(web, 0, 60)}
    assert "l'un de" in order(web, "changes", 422, **body)["detail"]
    missing = order(web, "changes/abcdef/cancel", 404, person=KEEPER)
    assert "aucun remplacement" in missing["detail"]
    assert "aucun échange" in order(web, "swaps/abcdef/take", 404, person=LUC)["detail"]
    last = web.url("rosters/astreinte/shifts?starts_at=9999-12-31T00:00:00Z")
    operator = {"Authorization": f"Bearer {web.settings.secret('operator.token')}"}
    assert requests.get(last, headers=operator, timeout=10).status_code == 422
    token = {"Authorization": f"Bearer {web.settings.secret('status.token')}"}
    answer = requests.get(web.url("rosters/changes"), headers=token, timeout=10)
    assert answer.status_code == 401


def test_leave_from_a_calendar(web: Any) -> None:
    def read(body: str, status: int = 200) -> dict[str, Any]:
        answer = requests.put(
            web.url(f"rosters/leaves/calendars/{NADIA}?by={KEEPER}"),
            data=body.encode(),
            headers={
                "Authorization": f"Bearer {web.settings.secret('operator.token')}",
                "Content-Type": "text/calendar",
            },
            timeout=10,
        )
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    lines = ["BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20260501", "DTEND;VALUE=DATE:20260504"]
    event = "".join(f"{line}\r\n" for line in [*lines, "SUMMARY:Congé", "END:VEVENT"])
    head, tail = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "END:VCALENDAR\r\n"
    assert on_duty(web) == [NADIA]
    assert read(head + event + tail) == {"person": NADIA, "new": 1, "gone": 0}
    assert on_duty(web) == []
    assert read(head + event + tail)["new"] == 0
    assert "attendu" in read("ceci n'est pas un agenda", 422)["detail"]
    assert on_duty(web) == []  # what could not be read changed nothing
    assert read(head + tail) == {"person": NADIA, "new": 0, "gone": 1}
    assert on_duty(web) == [NADIA]


def test_who_and_why_at_any_instant_and_what_is_to_be_filled(web: Any) -> None:
    (roster, *_) = web.get("duty?at=2026-05-04T10:00:00%2B02:00")["rosters"]
    assert [person["id"] for person in roster["people"]] == ["claire.fontaine"]
    assert roster["shadow"] == []
    answering = [layer for layer in roster["layers"] if layer["answers"]]
    assert [layer["layer_id"] for layer in answering] == ["jour"]
    assert all(layer["why"] for layer in roster["layers"])
    wait_until(lambda: web.get("rosters/holes")["looked_at"], "une recherche")
    holes = web.get("rosters/holes")["holes"]
    assert {hole["kind"] for hole in holes} >= {"no_contact"}  # nobody was written to yet
    assert all(hole["start"] < hole["end"] and hole["why"] for hole in holes)
