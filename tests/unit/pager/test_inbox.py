"""Replies: who may take an incident, and what everyone is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest


@pytest.fixture
def paged(world: Any) -> Any:
    world.post(world.alert())
    world.send_all()
    return world


def told(world: Any) -> list[tuple[str, str, str]]:
    return [(m.kind, m.address, m.text) for m in world.messages() if m.kind != "page"]


def test_ok_without_a_code_takes_the_only_open_page(paged: Any) -> None:
    assert paged.reply("0639981003", "Ok merci") == "takes"
    code = paged.incident().code
    assert told(paged) == [
        (
            "confirmation",
            paged.first,
            (
                f"VIGIE {code} : pris en charge par vous à 07:12 (Messagerie, Valmont-sur-Lys)."
                " Un SMS vous dira la fin."
            ),
        )
    ]


@pytest.mark.parametrize("sender", ["+33639981003", "33639981003", "0639981003", "06 39 98 10 03"])
def test_the_number_is_known_however_the_gateway_writes_it(paged: Any, sender: str) -> None:
    assert paged.reply(sender, f"A {paged.incident().code}") == "takes"


def test_the_others_who_were_paged_are_told_who_took_it(paged: Any) -> None:
    paged.pass_time(minutes=5)
    paged.send_all()
    paged.reply(paged.second, "ACK")
    kinds = [(kind, address) for kind, address, _ in told(paged)]
    assert kinds == [("confirmation", paged.second), ("taken", paged.first)]
    assert "Yann Le Goff" not in told(paged)[0][2]
    assert "Yann" in told(paged)[1][2]
    assert paged.incident().acknowledged_by == "Yann Le Goff"


def test_somebody_who_was_not_paged_takes_nothing_and_gets_no_answer(paged: Any) -> None:
    assert paged.reply(paged.last, f"OK {paged.incident().code}") == "unknown_sender"
    assert paged.reply("36105", "STOP") == "unknown_sender"
    assert told(paged) == []
    assert paged.incident().state == "paging"
    assert len(paged.journal("reply.received")) == 2


def test_two_open_pages_need_a_code_and_the_answer_says_which(paged: Any) -> None:
    paged.post(paged.alert("b", member="brecourt"))
    paged.send_all()
    assert paged.reply(paged.first, "OK") == "ambiguous"
    (_, _, text), codes = told(paged)[0], [i.code for i in paged.incidents()]
    assert all(code in text for code in codes)
    assert "Brécourt" in text
    assert paged.reply(paged.first, f"ok{codes[1]}") == "takes"
    assert [i.state for i in paged.incidents()] == ["paging", "acknowledged"]
    assert paged.reply(paged.first, "ok") == "takes"


def test_a_wrong_code_or_an_unclear_text_gets_a_helpful_answer(paged: Any) -> None:
    code = paged.incident().code
    assert paged.reply(paged.first, "OK 0000") == "unknown_code"
    assert paged.reply(paged.first, "Je conduis, rappelez-moi") == "unclear"
    first, second = (text for _, _, text in told(paged))
    assert first == (
        f"VIGIE : code 0000 inconnu. En attente : {code} Messagerie, Valmont-sur-Lys."
        f" Répondez OK {code}"
    )
    assert second.startswith("VIGIE : message non compris.")
    assert paged.incident().state == "paging"


def test_an_answering_machine_is_not_answered_all_night(paged: Any) -> None:
    for _ in range(10):
        paged.reply(paged.first, "Je suis absent jusqu'au 4 mai.")
    assert len(told(paged)) == 3
    assert len(paged.journal("reply.received")) == 10
    assert len(paged.journal("reply.unanswered")) == 7


def test_a_reply_after_another_took_it_or_after_the_end_says_so(paged: Any) -> None:
    paged.pass_time(minutes=5)
    paged.send_all()
    paged.reply(paged.second, "OK")
    assert paged.reply(paged.first, "OK") == "taken"
    assert "déjà pris en charge par Yann Le Goff à 07:17" in told(paged)[-1][2]
    code = paged.incident().code
    paged.post(paged.alert(firing=False))
    assert paged.reply(paged.first, f"OK {code}") == "over"
    assert "terminé depuis 07:17" in told(paged)[-1][2]
    assert paged.reply(paged.first, "OK") == "nothing"


def test_a_late_ok_takes_a_reopened_incident_that_waits_for_the_office(paged: Any) -> None:
    paged.post(paged.alert(firing=False))
    paged.post(paged.alert("w", severity="warning"))
    assert paged.incident().state == "open"
    assert paged.reply(paged.first, f"OK {paged.incident().code}") == "takes"
    paged.pass_time(minutes=59)
    assert paged.incident().state == "acknowledged"
    assert [m.kind for m in paged.messages()] == ["page", "resolution", "confirmation"]


def test_a_reply_that_the_gateway_repeats_is_taken_once(paged: Any) -> None:
    assert paged.reply(paged.first, "OK", "mo-1") == "takes"
    assert paged.reply(paged.first, "OK", "mo-1") == "duplicate"
    assert len(told(paged)) == 1


def test_in_a_storm_the_oldest_page_can_be_taken_by_its_code(paged: Any) -> None:
    code = paged.incident().code
    paged.now += timedelta(seconds=1)
    paged.post(*(paged.alert(f"s{n}", alertname=f"S{n}") for n in range(120)))
    assert paged.reply(paged.first, "OK") == "ambiguous"
    (text,) = [text for _, _, text in told(paged)]
    assert "... Répondez OK et le code, ou OK TOUT." in text
    assert "...." not in text
    assert paged.reply(paged.first, f"OK {code}") == "takes"


def test_an_ok_that_takes_nothing_is_always_answered(paged: Any) -> None:
    for _ in range(5):
        paged.reply(paged.first, "Je conduis")
    before = len(told(paged))
    assert paged.reply(paged.first, "OK 0000") == "unknown_code"
    assert "code 0000 inconnu" in told(paged)[before][2]
    for _ in range(50):
        paged.reply(paged.first, "OK 0000")
    assert len(told(paged)) == 20
