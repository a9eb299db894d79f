"""A detector that was saved and restored, at any moment, is the one that never stopped."""

from __future__ import annotations

import copy
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_syndicate.attacks import FLOODS, VARIANTS, attack
from mail_syndicate.days import FRENCH, PARIS, actions, at
from mail_syndicate.mails import SlowRelay, events
from mail_syndicate.people import people

from exporters.mailqueue.detector import Detector
from exporters.mailqueue.log.messages import Messages

DAY = date(2026, 4, 29)


@pytest.fixture(scope="module")
def log():
    """A day with three thefts and a jam, of a small syndicate."""
    syndicate = people(5, 120)
    todo = list(actions(5, syndicate, DAY))
    burst, drip = VARIANTS["burst, guessed password"], VARIANTS["slow drip, many networks"]
    todo += attack(1, burst, at(DAY, 10.5), syndicate.users[100].account)
    todo += attack(2, drip, at(DAY, 12.0), syndicate.users[110].account)
    todo += attack(3, FLOODS["one recipient a message"], at(DAY, 13.0), syndicate.users[90].account)
    made = events(5, todo, SlowRelay(at(DAY, 15), at(DAY, 15.5)))
    return [event for event in made if at(DAY, 9.5) < event.time < at(DAY, 16.2)]


@pytest.fixture(scope="module")
def whole(log):
    return _run(log, [])


def _new():
    return Detector(PARIS, FRENCH.__contains__)


def _run(log, cuts):
    detector, messages, rows, pages = _new(), Messages(), {}, []
    cuts = sorted(cuts)
    for number, event in enumerate(log):
        if cuts and number == cuts[0]:
            while cuts and cuts[0] == number:
                cuts.pop(0)
            rows.update(detector.changes())
            kept = {key: json.loads(json.dumps(row)) for key, row in rows.items() if row}
            saved = json.loads(json.dumps(detector.save()))
            detector = _new()
            detector.restore(saved, kept.items())
            messages = copy.deepcopy(messages)
        pages += detector.feed(event, messages.take(event))
        if number % 500 == 0:
            pages += detector.tick(event.time)
    now = log[-1].time
    rows.update(detector.changes())
    state = json.dumps([detector.save(), {key: rows[key] for key in sorted(rows)}])
    return pages, detector.standing(now), detector.jam(now), state


def test_the_day_has_three_thefts_and_a_jam(whole):
    assert sorted(page.kind for page in whole[0]) == ["compromised"] * 3 + ["jam"]


@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_a_restart_at_any_event_changes_nothing(log, whole, data):
    cuts = data.draw(st.lists(st.integers(1, len(log) - 1), min_size=1, max_size=4))
    pages, standing, jam, state = _run(log, cuts)
    assert pages == whole[0]
    assert standing == whole[1]
    assert jam == whole[2]
    assert state == whole[3]
