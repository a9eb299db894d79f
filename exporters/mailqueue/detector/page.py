"""Whether an account is paged for, since when it is abnormal, and when it is quiet again. Pure."""

from __future__ import annotations

CALM_SECONDS = 6 * 3600
"""An account paged for is paged for again only after so long under the watch score."""
QUIET_LEAST, QUIET_MOST = 120, 3600
QUIET_GAPS = 4
"""Quiet is no submission for so many of its mean gaps, in these bounds."""
_ENOUGH = 3
"""Before so many submissions since the page, the mean gap is that of the hour before it."""


class Page:
    """The state of one account, in seconds of the log."""

    __slots__ = (
        "_before",
        "_calm",
        "_last",
        "_submissions",
        "abnormal_since",
        "compromised_since",
        "paged",
    )

    def __init__(self) -> None:
        self.paged = False
        self.abnormal_since: int | None = None
        """Its first score from WATCH on, until it was calm for six hours."""
        self.compromised_since: int | None = None
        """From the page until the account was quiet; ask `compromised`."""
        self._calm: int | None = None
        self._before = 0
        self._submissions = 0
        self._last = 0

    def begin(self, now: int, messages_hour: int) -> None:
        """Someone is woken; or it goes on after a quiet time. So much was sent in the last hour."""
        self.paged = True
        self._before = 3600 // max(1, messages_hour)
        self.compromised_since = self._last = now
        self._submissions = 0

    def submitted(self, now: int) -> None:
        """The account submitted a message."""
        if self.compromised_since is None:
            return
        if self._is_quiet(now):
            self.compromised_since = None
            return
        self._submissions += 1
        self._last = now

    def compromised(self, now: int) -> int | None:
        """Since when, while it is not quiet."""
        return None if self._is_quiet(now) else self.compromised_since

    def watch(self, now: int) -> None:
        """Its score is abnormal."""
        self._calm = None
        if self.abnormal_since is None:
            self.abnormal_since = now

    def calm(self, now: int) -> None:
        """Its score is not abnormal."""
        if not self.paged and self.abnormal_since is None:
            return
        if self._calm is None:
            self._calm = now
        if now - self._calm >= CALM_SECONDS:
            self.paged, self.abnormal_since = False, None

    def _is_quiet(self, now: int) -> bool:
        since = self.compromised_since
        if since is None:
            return True
        many = self._submissions >= _ENOUGH
        gap = (self._last - since) / self._submissions if many else self._before
        return now - self._last >= min(QUIET_MOST, max(QUIET_LEAST, QUIET_GAPS * gap))

    def save(self) -> list[int | None]:
        """For `restore`: JSON; empty for nearly all."""
        if not self.paged and self.abnormal_since is None:
            return []
        return [
            int(self.paged), self.abnormal_since, self.compromised_since,
            self._calm, self._submissions, self._last, self._before,
        ]  # fmt: skip

    def restore(self, saved: list[int | None]) -> None:
        """What `save` gave."""
        if saved:
            paged, self.abnormal_since, self.compromised_since, self._calm, *numbers = saved
            self.paged = bool(paged)
            self._submissions, self._last, self._before = (number or 0 for number in numbers)
