"""All posts that wait are committed together: as many a second as come, one disk write at a time.

A post is answered only after the commit it is part of. When the store fails, all that wait
are kept in the emergency spool, if there is one, and told to come again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from alertmanager.store.database import StoreUnavailable
from alertmanager.webhook.posts import Post
from alertmanager.webhook.replay import Replay
from inventory.process.logs import get_logger

_MOST_POSTS = 100
_MOST_BYTES = 4 * 1024 * 1024
"""Of one transaction: the courier also writes."""
_AGAIN = 1.0  # seconds between two tries to empty the spool when nothing is posted

log = get_logger("vigie.webhook")

Take = Callable[[Sequence[Post]], list[Exception | None]]


@dataclass
class _Waiting:
    post: Post
    future: Future[None] = field(default_factory=Future)

    def answer(self, error: Exception | None) -> None:
        # Whoever hung up meanwhile is not told; their post was taken all the same.
        if not self.future.set_running_or_notify_cancel():
            return
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)


class GroupCommit:
    """One thread. `take` commits posts and tells what went wrong with each, or StoreUnavailable."""

    def __init__(self, take: Take, replay: Replay | None) -> None:
        self._take, self._replay = take, replay
        self._guard = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="intake")

    def start(self) -> None:
        """Take posts from now on, first those of the spool."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        with self._guard:
            self._stopping = True
            self._guard.notify()
        if self._thread.is_alive():
            self._thread.join()

    def alive(self) -> bool:
        """Whether posts are taken."""
        return self._thread.is_alive()

    def submit(self, post: Post) -> Future[None]:
        """Done once it is committed; else StoreUnavailable, or what was wrong with it alone."""
        waiting = _Waiting(post)
        with self._guard:
            self._queue.append(waiting)
            self._guard.notify()
        return waiting.future

    def _loop(self) -> None:
        batch: list[_Waiting] | None = []  # first what an earlier process left in the spool
        while batch is not None:
            try:
                self._turn(batch)
            except Exception as error:
                # The pager must outlive any bug: say it, answer, go on.
                log.exception("intake_failed")
                for waiting in batch:
                    if not waiting.future.done():
                        waiting.answer(error)
            batch = self._next()

    def _next(self) -> list[_Waiting] | None:
        """What waits, within one transaction's limits; empty: look at the spool; None: the end."""
        spooled = self._replay is not None and self._replay.waiting
        with self._guard:
            if not self._queue and not self._stopping:
                self._guard.wait(_AGAIN if spooled else None)
            if not self._queue and self._stopping:
                return None
            batch: list[_Waiting] = []
            size = 0
            while self._queue and len(batch) < _MOST_POSTS and size < _MOST_BYTES:
                waiting = self._queue.popleft()
                size += len(waiting.post.body)
                batch.append(waiting)
            return batch

    def _turn(self, batch: list[_Waiting]) -> None:
        try:
            if self._replay is not None:
                self._replay.run(self._take)
            if not batch:
                return
            results = self._take([waiting.post for waiting in batch])
        except StoreUnavailable as error:
            with self._guard:
                # They waited as long, and would wait as long again for the same answer.
                batch = [*batch, *self._queue]
                self._queue.clear()
            if self._replay is not None:
                self._replay.keep([waiting.post for waiting in batch])
            for waiting in batch:
                waiting.answer(error)
            return
        for waiting, result in zip(batch, results, strict=True):
            waiting.answer(result)
