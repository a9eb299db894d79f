"""Calls that may hang."""

from __future__ import annotations

from threading import Event

import pytest

from exporters.hypervisor.attempts import Attempts, NoAnswer


class Source:
    """Hangs on the calls whose number is in `hang` until released."""

    def __init__(self, *hang: int) -> None:
        self.calls = 0
        self.hang = set(hang)
        self.release = Event()

    def read(self) -> int:
        self.calls += 1
        number = self.calls
        if number in self.hang:
            self.release.wait(10)
        return number


def less() -> int:
    return -1


def test_an_answer_is_given_back():
    question = Attempts("t", Source().read, less).ask()
    assert question.wait(5)
    assert question.result() == 1


def test_a_second_attempt_answers_beside_the_one_that_hangs():
    source = Source(1)
    question = Attempts("t", source.read, less).ask()
    assert not question.wait(0.05)
    question.insist()
    assert question.wait(5)
    assert question.result() == 2
    source.release.set()


def test_never_more_than_two_calls_are_out_however_often_one_asks():
    source = Source(*range(1, 200))
    attempts = Attempts("t", source.read, less)
    for _ in range(100):
        question = attempts.ask()
        question.insist()
        assert not question.wait(0)
    assert attempts.outstanding == 2
    assert source.calls == 2
    with pytest.raises(NoAnswer):
        question.result()
    source.release.set()


def test_a_source_that_comes_back_answers_the_next_question():
    source = Source(1, 2)
    attempts = Attempts("t", source.read, less)
    question = attempts.ask()
    question.insist()
    source.release.set()
    assert question.wait(5)
    again = attempts.ask()
    assert again.wait(5)
    assert again.result() == 3


def test_an_error_of_the_second_attempt_does_not_hide_the_answer_of_the_first():
    source = Source(1)

    def read() -> int:
        number = source.read()
        if number == 2:
            raise OSError("still opening")
        return number

    question = Attempts("t", read, less).ask()
    question.insist()
    assert not question.wait(0.2)
    source.release.set()
    assert question.wait(5)
    assert question.result() == 1


def test_when_both_attempts_hang_a_lesser_reading_stands_in_until_one_returns():
    source = Source(1, 2)
    attempts = Attempts("t", source.read, less)
    first = attempts.ask()
    first.insist()
    assert first.begun
    assert not first.wait(0.05)
    first.settle_for_less()
    assert first.wait(5)
    assert first.result() == -1
    later = attempts.ask()
    assert not later.begun
    later.settle_for_less()
    assert later.wait(5)
    assert later.result() == -1
    source.release.set()


def test_the_lesser_reading_is_never_out_twice_either():
    source = Source(*range(1, 200))
    attempts = Attempts("t", source.read, source.read)
    for _ in range(100):
        question = attempts.ask()
        question.insist()
        question.settle_for_less()
    assert attempts.outstanding == 3
    source.release.set()
