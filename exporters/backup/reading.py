"""What we know of a repository at an instant, and how far it may be trusted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from exporters.backup.contents import Contents, Glance, Lock
from exporters.backup.errors import Reason


@dataclass(frozen=True, slots=True)
class Reading:
    """`contents` are those of the last reading that succeeded, at `read_at` (None: never).

    `reason` is that of the latest try; "none" when it succeeded. `seconds` is how long the last
    reading by the tool took.
    """

    reason: Reason
    contents: Contents | None = None
    read_at: datetime | None = None
    glance: Glance | None = None
    seconds: float | None = None

    def current(self, now: datetime, stale_after: timedelta) -> Contents | None:
        """The contents, if they may still be shown."""
        fresh = self.read_at is not None and now - self.read_at <= stale_after
        return self.contents if fresh else None

    def is_up(self, now: datetime, stale_after: timedelta) -> bool:
        """Whether the repository can be read. One that a running backup holds is not down yet."""
        return self.reason in ("none", "locked") and self.current(now, stale_after) is not None

    def locks(self) -> tuple[Lock, ...] | None:
        """Those of the last look, or else of the last reading; None: unknown."""
        if self.glance is not None and self.glance.locks is not None:
            return self.glance.locks
        return self.contents.locks if self.contents is not None else None
