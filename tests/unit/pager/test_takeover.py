"""The test at the start of a duty: sent once, answered, escalated; never mistaken for a page."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alertmanager.delivery.channels import Channel
from alertmanager.duty.takeover import ask, due_takeovers, escalate, unanswered
from alertmanager.duty.turns import Turn, coming_turns
from alertmanager.incidents.machine import State
from alertmanager.incidents.policy import Step
from alertmanager.rosters import RosterBook
from alertmanager.rosters.notice_rules import NoticeRules
from alertmanager.store.duty_tables import DutyNotice
from alertmanager.store.tables import Message

START = datetime(2026, 5, 1, 17, tzinfo=UTC)
LUC, INES = "+33639981004", "+33639981006"
"""Who takes the duty over then, and who is their back-up."""
DUTY_PHONE = "+33639981010"
WITHIN = timedelta(minutes=15)


@dataclass
class Ritual:
    world: Any
    book: RosterBook

    def turns(self) -> list[Turn]:
        found = due_takeovers(
            coming_turns(self.book, self.world.now, timedelta(hours=1)), self.world.now
        )
        return [turn for turn in found if turn.roster == "astreinte"]

    def ask(self, silences: list[datetime] | None = None) -> None:
        with self.world.store.write() as session:
            for turn in self.turns():
                now = self.world.now
                ask(session, self.world.desk, self.book, turn, now, silences=silences or [])

    def late(self) -> None:
        with self.world.store.write() as session:
            for key in unanswered(session, WITHIN, self.world.now):
                escalate(session, self.world.desk, self.book, key, self.world.now)

    def notice(self) -> DutyNotice:
        with self.world.store.read() as session:
            test = select(DutyNotice).where(DutyNotice.kind == "takeover")
            found: DutyNotice = session.scalars(test).one()
        return found

    def code(self) -> str:
        with self.world.store.read() as session:
            test = select(Message).where(Message.kind == "takeover", Message.code.is_not(None))
            return session.scalars(test).one().code or ""


@pytest.fixture
def ritual(world: Any) -> Ritual:
    book = copy(world.desk.rosters)
    book.notices = NoticeRules(test=True)
    world.with_desk(rosters=book)
    world.now = START + timedelta(seconds=2)
    found = Ritual(world, book)
    found.ask()
    return found


def test_it_is_sent_once_when_the_duty_begins(ritual: Ritual) -> None:
    ritual.ask()
    code = ritual.code()
    text = (
        f"VIGIE {code} PRISE D'ASTREINTE Astreinte d'exploitation, jusqu'au ven 08/05 19:00."
        f" Aucun incident en cours. Répondez OK {code}"
    )
    assert ritual.world.send_all() == [(LUC, text)]


def test_neither_before_nor_long_after(ritual: Ritual) -> None:
    for shift, due in ((-3, 0), (-2, 1), (3597, 1), (3598, 0)):
        ritual.world.now = START + timedelta(seconds=2 + shift)
        assert len(ritual.turns()) == due, shift


@pytest.mark.parametrize("answer", ["OK", "ok {code}", "D'accord", "OK 12", "OK TOUT"])
def test_an_answer_proves_that_the_person_can_be_reached(ritual: Ritual, answer: str) -> None:
    code = ritual.code()
    ritual.world.send_all()
    assert ritual.notice().answered_at is None
    ritual.world.now += timedelta(minutes=3)
    assert ritual.world.reply(LUC, answer.format(code=code)) == "takeover"
    assert ritual.notice().answered_at == ritual.world.now
    assert ritual.world.send_all() == [
        (
            LUC,
            f"VIGIE {code} : bien noté, vous avez l'astreinte jusqu'au ven 08/05 19:00. Merci.",
        )
    ]
    assert ritual.world.journal("takeover.asked", "takeover.answered")
    ritual.world.now += WITHIN
    ritual.late()
    assert ritual.world.send_all() == []


@pytest.mark.parametrize("said", ["non", "A demain", "je suis en congé"])
def test_other_words_do_not(ritual: Ritual, said: str) -> None:
    ritual.world.send_all()
    assert ritual.world.reply(LUC, said) == "unknown_sender"
    assert ritual.notice().answered_at is None


def test_nobody_else_answers_for_them(ritual: Ritual) -> None:
    code = ritual.code()
    assert ritual.world.reply(INES, f"OK {code}") == "unknown_sender"
    assert ritual.notice().answered_at is None


def test_a_bare_ok_while_an_incident_pages_is_for_the_incident(ritual: Ritual) -> None:
    world = ritual.world
    world.post(world.alert())
    world.send_all()
    assert world.reply(LUC, "ok") == "takes"
    assert world.incident().state == State.ACKNOWLEDGED
    assert ritual.notice().answered_at is None
    # Nothing waits any more: the next one is for the test.
    assert world.reply(LUC, "ok") == "takeover"
    assert ritual.notice().answered_at == world.now
    assert world.incident().acknowledged_by == "Luc Marchand"


def test_each_code_is_for_what_has_it(ritual: Ritual) -> None:
    world = ritual.world
    world.post(world.alert())
    world.send_all()
    assert world.reply(LUC, f"OK {ritual.code()}") == "takeover"
    assert world.incident().state == State.PAGING
    assert ritual.notice().answered_at == world.now
    assert world.reply(LUC, f"OK {world.incident().code}") == "takes"
    assert world.incident().state == State.ACKNOWLEDGED


def test_the_code_of_an_incident_never_answers_the_test(ritual: Ritual) -> None:
    world = ritual.world
    world.post(world.alert())
    world.send_all()
    code = world.incident().code
    assert world.reply(LUC, f"OK {code}") == "takes"
    assert world.reply(LUC, f"OK {code}") == "taken"
    assert ritual.notice().answered_at is None


def test_what_is_open_and_what_ends_soon_is_in_the_text(world: Any, ritual: Ritual) -> None:
    with world.store.write() as session:
        for row in session.scalars(select(DutyNotice)):
            session.delete(row)
        for message in session.scalars(select(Message)):
            session.delete(message)
    world.post(world.alert())
    ritual.ask([START + timedelta(hours=3)])
    texts = [m.text for m in world.messages() if m.kind == "takeover"]
    assert len(texts) == 1
    assert " 1 incident en cours" in texts[0]
    assert " 1 silence finit ven 01/05 22:00." in texts[0]


def test_without_an_answer_the_person_of_the_next_step_is_told_once(ritual: Ritual) -> None:
    world = ritual.world
    world.send_all()
    world.now = START + timedelta(minutes=14)
    ritual.late()
    assert world.send_all() == []
    world.now = START + timedelta(minutes=15, seconds=2)
    ritual.late()
    ritual.late()
    text = (
        "VIGIE : pas de réponse de Luc Marchand à l'essai de prise d'astreinte de 19:00"
        " (Astreinte d'exploitation). Vous venez ensuite : joignez cette personne."
    )
    assert world.send_all() == [(INES, text)]
    (line,) = world.journal("takeover.unanswered")
    assert (line.detail["person"], line.detail["told"]) == ("luc.marchand", ["ines.robert"])
    world.now += timedelta(minutes=10)
    assert world.reply(LUC, "ok") == "takeover"
    assert {to: text for to, text in world.send_all() if to == INES} == {
        INES: "VIGIE : Luc Marchand a répondu à 19:25 à l'essai de prise d'astreinte. Merci."
    }
    assert ritual.notice().answered_at == ritual.world.now


def test_who_took_an_incident_meanwhile_is_not_said_to_be_silent(ritual: Ritual) -> None:
    world = ritual.world
    world.post(world.alert())
    world.send_all()
    assert world.reply(LUC, "ok") == "takes"
    took_at = world.now
    world.send_all()
    world.now = START + WITHIN + timedelta(seconds=2)
    ritual.late()
    assert world.send_all() == []
    assert ritual.notice().answered_at == took_at


def test_a_refused_test_is_told_at_once(ritual: Ritual) -> None:
    ritual.world.refuse_next()
    ritual.late()
    assert [to for to, _ in ritual.world.send_all()] == [INES]


def test_who_cannot_be_written_to_is_told_at_once(world: Any) -> None:
    world.with_desk(channels=(Channel("chat", ("chat",), "url"),))
    world.now = START
    found = Ritual(world, world.desk.rosters)
    found.ask()
    assert found.notice().message_id is None
    found.late()
    (line,) = world.journal("takeover.unanswered")
    assert line.detail["told"] == []


def test_where_only_the_duty_phone_is_paged_it_is_the_one_that_is_tested(world: Any) -> None:
    steps = (Step("astreinte", WITHIN, "duty_phone"), Step("renfort", WITHIN))
    world.with_desk(policy=replace(world.desk.policy, steps=steps))
    world.now = START
    found = Ritual(world, world.desk.rosters)
    found.ask()
    assert [to for to, _ in world.send_all()] == [DUTY_PHONE]
    assert world.reply(DUTY_PHONE, "ok") == "takeover"
    assert found.notice().answered_at == START
    assert [to for to, _ in world.send_all()] == [DUTY_PHONE]


def test_the_duty_phone_that_nobody_answers_is_told_to_the_next_step(world: Any) -> None:
    steps = (Step("astreinte", WITHIN, "duty_phone"), Step("renfort", WITHIN))
    world.with_desk(policy=replace(world.desk.policy, steps=steps))
    world.now = START
    found = Ritual(world, world.desk.rosters)
    found.ask()
    world.send_all()
    world.now += WITHIN
    found.late()
    assert [to for to, _ in world.send_all()] == [INES]
