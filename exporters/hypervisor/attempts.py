"""Calls that may hang, made in threads of their own, never more than two at once for a source.

One guest that does not answer its monitor makes libvirt's bulk call hang, while a
second call skips that guest and returns at once (the first holds the guest's job,
and the call is made with NOWAIT). So a second attempt is worth making; a third is
not, because each occupies one of libvirtd's few workers until it returns.

When several guests hang, as all those of a dead storage do, both attempts are caught.
Then a reading that needs no guest's monitor, and tells less, stands in for them.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

from exporters.toolkit.collector import CollectorError

T = TypeVar("T")
LIMIT = 2


class NoAnswer(CollectorError):
    """The source did not answer in time."""


class Question(Generic[T]):
    """What one scrape wants to know of one source; the first answer is kept.

    An error only counts once no attempt of this question is still out. `begun` is false
    while there was no room for any attempt.
    """

    def __init__(self, attempts: Attempts[T]) -> None:
        self._attempts = attempts
        self.begun = False
        self.out = 0
        self.answer: T | None = None
        self.error: Exception | None = None

    @property
    def settled(self) -> bool:
        return self.answer is not None or (self.error is not None and not self.out)

    def wait(self, seconds: float) -> bool:
        """Wait for an answer or an error; whether there is one."""
        with self._attempts.changed:
            return self._attempts.changed.wait_for(lambda: self.settled, max(0.0, seconds))

    def insist(self) -> None:
        """Ask once more beside the attempts that hang, if there is room for one."""
        self._attempts.start(self)

    def settle_for_less(self) -> None:
        """Read what needs no guest's answer, unless that reading hangs too."""
        self._attempts.start(self, less=True)

    def result(self) -> T:
        """The answer. Raise the source's error, or NoAnswer."""
        if self.answer is not None:
            return self.answer
        raise self.error or NoAnswer("no answer before the deadline")


class Attempts(Generic[T]):
    """The calls to one source that have not returned yet.

    `read` tells all, and at most LIMIT of it are out; `read_less` is the last resort, one at most.
    """

    def __init__(self, name: str, read: Callable[[], T], read_less: Callable[[], T]) -> None:
        self.changed = Condition()
        self._name = name
        self._read, self._read_less = read, read_less
        self._out = {False: 0, True: 0}

    @property
    def outstanding(self) -> int:
        """How many calls are out, of both kinds."""
        return sum(self._out.values())

    def ask(self) -> Question[T]:
        """Begin to read the source; the caller waits on what this returns."""
        question = Question(self)
        self.start(question)
        return question

    def start(self, question: Question[T], *, less: bool = False) -> None:
        """One attempt for `question`, unless as many as allowed are still out."""
        with self.changed:
            if self._out[less] >= (1 if less else LIMIT):
                return
            self._out[less] += 1
            question.out += 1
            question.begun = True
        # Daemons: a call that never returns must not keep the process from ending.
        Thread(target=self._run, args=(question, less), name=self._name, daemon=True).start()

    def _run(self, question: Question[T], less: bool) -> None:
        answer: T | None = None
        error: Exception | None = None
        try:
            answer = self._read_less() if less else self._read()
        except Exception as caught:  # noqa: BLE001 - handed to whoever waits
            error = caught
        with self.changed:
            self._out[less] -= 1
            question.out -= 1
            question.answer = question.answer if answer is None else answer
            question.error = error or question.error
            self.changed.notify_all()
