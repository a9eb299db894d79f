"""The thread that looks into mailboxes: nothing lost, nobody kept waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Self

from alertmanager.notifiers.contract import Incoming, TemporaryFailure
from alertmanager.store.database import StoreUnavailable
from alertmanager.webhook.fetching import Fetching
from deploy.estate.child import wait_until


class Box:
    """A mailbox in memory; it fails as often as it is told to."""

    def __init__(self, *texts: str, failures: int = 0) -> None:
        self.lying = {text: Incoming("a@b.test", text) for text in texts}
        self.failures = failures
        self.away: list[str] = []

    @property
    def fetch_every(self) -> timedelta:
        return timedelta(milliseconds=1)

    def fetch(self) -> Iterator[tuple[str, Incoming]]:
        if self.failures:
            self.failures -= 1
            raise TemporaryFailure("injoignable")
        yield from list(self.lying.items())

    def put_away(self, name: str) -> None:
        self.lying.pop(name, None)
        self.away.append(name)


class Run:
    """A Fetching over mailboxes, until the block ends."""

    def __init__(self, boxes: dict[str, Any], troubles: dict[str, list[Exception]]) -> None:
        self.taken: list[str] = []
        self.looked: list[str] = []
        self.failed: list[str] = []
        self.troubles = troubles
        self.fetching = Fetching(
            boxes, self._take, looked=self.looked.append, failed=self.failed.append
        )

    def _take(self, _notifier: str, what: Any) -> None:
        if self.troubles.get(what.text):
            raise self.troubles[what.text].pop(0)
        self.taken.append(what.text)

    def __enter__(self) -> Self:
        self.fetching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.fetching.stop()


def test_what_is_stored_is_put_away_and_what_is_not_comes_again() -> None:
    box = Box("un", "deux", "trois")
    troubles = {"deux": [StoreUnavailable("disque plein")]}
    with Run({"email": box}, troubles) as run:
        wait_until(lambda: not box.lying, "tout est pris")
    assert run.taken == ["un", "deux", "trois"]
    assert box.away == run.taken
    assert run.failed == ["email"]


def test_one_that_cannot_be_taken_keeps_none_waiting_and_is_not_lost() -> None:
    box = Box("poison", "bon")
    with Run({"email": box}, {"poison": [KeyError("x")] * 1000}) as run:
        wait_until(lambda: "bon" in box.away, "le bon")
    assert run.taken[:1] == ["bon"]
    assert list(box.lying) == ["poison"]
    assert "email" in run.failed


def test_a_mailbox_that_fails_hinders_no_other() -> None:
    bad, good = Box("perdu", failures=10**6), Box("bon")
    with Run({"email.a": bad, "email.b": good, "sms": object()}, {}) as run:
        wait_until(lambda: "bon" in good.away, "le bon")
    assert "email.b" in run.looked
    assert "email.a" in run.failed
    assert "email.a" not in run.looked


def test_nothing_to_fetch_needs_no_thread() -> None:
    before = threading.active_count()
    with Run({"sms": object()}, {}) as run:
        assert threading.active_count() == before
        assert run.fetching.alive()
