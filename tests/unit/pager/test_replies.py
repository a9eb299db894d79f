"""How people write OK."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alertmanager.incidents.machine import TRANSITIONS, Event, IllegalTransition, State, after
from alertmanager.incidents.replies import Bundle, Candidate, Reply, match_reply, parse_reply


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("OK 4821", "4821"),
        ("ok4821", "4821"),
        ("Ok, 4821.", "4821"),
        ("ack 4821", "4821"),
        ("A 4821", "4821"),
        ("a4821", "4821"),
        ("4821 ok", "4821"),
        ("4821ok", "4821"),
        ("« OK » 4821", "4821"),
        ("Reçu 4821", "4821"),
        ("D’accord 4821", "4821"),
        ("OK 4821 -- Envoyé de mon téléphone", "4821"),
        ("OK 4821 Nadia Benali 0639981003", "4821"),
        ("ok 0000", "0000"),
        ("OK 48", "48"),
        ("OK 48211", "48211"),
        ("\u200bOK\u200e 4821", "4821"),
        ("ok", None),
        ("  OK!", None),
        ("Ok je regarde", None),
        ("ÔK", None),
        ("a", None),
        ("A.", None),
        ("okay", None),
        ("Oui", None),
        ("Bien reçu, 4821", "4821"),
        ("Je prends 4821", "4821"),
        ("Pris en charge", None),
        ("J’y vais !", None),
        ("OK 4821\n\n> VIGIE 9999 CRITIQUE Messagerie\n> Répondez OK 9999", "4821"),
        ("\n> VIGIE 9999 CRITIQUE\n\nok 4821\n", "4821"),
        ("OK\n\nLe 1 mai 2026 à 07:12, Vigie <vigie@sitv.test> a écrit :\nOK 9999", None),
        ("OK\n-- \nNadia Benali\n06 39 98 10 03", None),
    ],
)
def test_it_takes_the_incident(text: str, code: str | None) -> None:
    assert parse_reply(text) == Reply(True, code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "non",
        "Oui mais pas moi",
        "Le 1 mai 2026 à 07:12, Vigie <vigie@sitv.test> a écrit :\nOK 9999",
        "> OK 9999",
        "A demain",
        "A quoi ça sert ?",
        "Oké",
        "STOP",
        "pas ok",
        "4821",
        "👍",
    ],
)
def test_it_takes_nothing(text: str) -> None:
    assert parse_reply(text) == Reply(False, None)


def test_every_transition_outside_the_table_is_refused() -> None:
    allowed = 0
    for state in State:
        for event in Event:
            if (state, event) in TRANSITIONS:
                allowed += 1
                assert after(state, event) in State
            else:
                with pytest.raises(IllegalTransition):
                    after(state, event)
    assert allowed == len(TRANSITIONS)


@pytest.mark.parametrize(
    "text", ["OK TOUT", "ok pour tout", "Ack, tout !", "D'accord tous", "a tout"]
)
def test_it_takes_everything(text: str) -> None:
    assert parse_reply(text) == Reply(True, None, everything=True)


@pytest.mark.parametrize(
    ("text", "minutes", "code"),
    [
        ("VEILLE 30 4821", 30, "4821"),
        ("veille 2h", 120, None),
        ("En veille 45 min, 4821", 45, "4821"),
        ("Veille 1 heure 4821", 60, "4821"),
    ],
)
def test_it_puts_off(text: str, minutes: int, code: str | None) -> None:
    assert parse_reply(text) == Reply(False, code, put_off=timedelta(minutes=minutes))


@pytest.mark.parametrize("text", ["veille 0", "veille 25h", "veille", "bonne veille 30"])
def test_a_span_that_makes_no_sense_puts_nothing_off(text: str) -> None:
    reply = parse_reply(text)
    assert not reply.takes
    assert reply.put_off is None


A, B = Candidate("a", "1111", "paging"), Candidate("b", "2222", "paging")
OVER = Candidate("c", "3333", "resolved")
BOTH = Bundle("9999", frozenset("ab"))


def test_the_code_of_a_digest_takes_all_of_it_and_that_of_an_incident_only_that() -> None:
    assert match_reply(parse_reply("ok 9999"), [A, B, OVER], [BOTH]) == ("takes_all", [A, B])
    assert match_reply(parse_reply("ok 2222"), [A, B, OVER], [BOTH]) == ("takes", (B,))
    assert match_reply(parse_reply("ok 8888"), [A, B, OVER], [BOTH]) == ("unknown_code", ())


def test_a_bare_ok_answers_the_last_message_when_it_covers_all_that_waits() -> None:
    assert match_reply(parse_reply("ok"), [A, B], latest=BOTH) == ("takes_all", [A, B])
    assert match_reply(parse_reply("ok"), [A, B], latest=None) == ("ambiguous", ())
    one = Bundle("9999", frozenset("a"))
    assert match_reply(parse_reply("ok"), [A, B], latest=one) == ("ambiguous", ())


def test_the_message_that_a_mail_answers_comes_before_codes() -> None:
    answered = Bundle("", frozenset("b"))
    assert match_reply(parse_reply("ok"), [A, B], answered=answered) == ("takes", (B,))
    assert match_reply(parse_reply("ok 1111"), [A, B], answered=answered) == ("takes", (B,))
    assert match_reply(parse_reply("merci"), [A, B], answered=answered) == ("unclear", ())
