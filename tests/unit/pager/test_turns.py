"""Writers take turns in the order in which they came."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from alertmanager.store import database
from alertmanager.store.database import Store, StoreUnavailable
from alertmanager.store.turns import Turns


def queue(turns: Turns, order: list[int], number: int, seconds: float) -> threading.Thread:
    def work() -> None:
        if turns.take(seconds):
            order.append(number)
            turns.give_back()

    before = len(turns._waiting)
    thread = threading.Thread(target=work)
    thread.start()
    while len(turns._waiting) == before:
        time.sleep(0.001)
    return thread


def test_first_come_first_served() -> None:
    turns, order = Turns(), []
    assert turns.take(0)
    threads = [queue(turns, order, number, 10) for number in range(20)]
    turns.give_back()
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    assert turns.take(0)


def test_one_that_gave_up_waiting_keeps_nobody_waiting() -> None:
    turns, order = Turns(), []
    assert turns.take(0)
    impatient = queue(turns, order, 1, 0.01)
    patient = queue(turns, order, 2, 10)
    impatient.join()
    turns.give_back()
    patient.join()
    assert order == [2]


def test_a_writer_whose_turn_does_not_come_is_told_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    failed: list[str] = []

    def second() -> None:
        try:
            with store.write():
                failed.append("")
        except StoreUnavailable as error:
            failed.append(str(error))

    with store.write():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "verrouillée" in failed[0]
    with store.write() as session:  # a failed block gives the turn back too
        session.execute(text("SELECT 1"))
