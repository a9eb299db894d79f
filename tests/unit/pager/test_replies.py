"""How people write OK."""

from __future__ import annotations

import pytest

from alertmanager.incidents.machine import TRANSITIONS, Event, IllegalTransition, State, after
from alertmanager.incidents.replies import Reply, parse_reply


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
        "A demain",
        "A quoi ça sert ?",
        "okay",
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
