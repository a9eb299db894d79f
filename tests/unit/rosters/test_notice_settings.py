"""The blocks `reminders` and `takeover` of the rosters' file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest

from alertmanager.rosters import RosterBook
from alertmanager.rosters.notice_rules import NoticeRules
from inventory.config import ConfigurationError


def test_a_file_without_them_tells_nobody_anything(book: RosterBook) -> None:
    assert book.notices == NoticeRules()
    assert book.notices.silent


def test_what_is_left_out_is_the_usual(load: Callable[[str], RosterBook], example: Path) -> None:
    written = example.read_text("utf-8")
    rules = load(f"{written}\nreminders: {{}}\ntakeover: {{}}\n").notices
    assert rules.before == (timedelta(days=7), timedelta(hours=24), timedelta(hours=1))
    assert (rules.changes, rules.test, rules.answer_within) == (True, True, timedelta(minutes=15))
    rules = load(
        f"{written}\nreminders: {{before: [2d], changes: false,"
        ' night: {from: "21:30", to: "08:00"}}\ntakeover: {answer_within: 5m}\n'
    ).notices
    assert (rules.before, rules.changes) == ((timedelta(days=2),), False)
    assert (rules.night, rules.answer_within) == ((time(21, 30), time(8)), timedelta(minutes=5))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("reminders: {before: [0s]}", "de 1m à 60d"),
        ("reminders: {before: [90d]}", "de 1m à 60d"),
        ('reminders: {night: {from: "07:00"}}', "deux heures"),
        ("reminders: {when: [1h]}", "when"),
        ("takeover: {answer_within: 2d}", "de 1m à 24h"),
    ],
)
def test_a_fault_says_what_would_be_right(
    load: Callable[[str], RosterBook], example: Path, block: str, said: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(f"{example.read_text('utf-8')}\n{block}\n")
    assert said in str(refused.value)
