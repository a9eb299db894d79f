"""What waits in the queue, by account, as the exporter counts it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from deploy.cli.mail.site import Site
from exporters.mailqueue.queue.ladder import Ladder
from exporters.mailqueue.queue.snapshot import Held, ReadFailed, Share, Snapshot
from exporters.mailqueue.queue_collector import readers_of

HOLDERS = 5
MOST_LOOKS = 20_000
"""Files opened at most: 0.2 s when they were read lately, some seconds on a cold disk."""


def queue_now(site: Site, clock: Callable[[], datetime]) -> tuple[Snapshot | None, str]:
    """The queues now; None and why not (French)."""
    readers = readers_of(site.mailqueue, lambda: clock().timestamp(), MOST_LOOKS)
    try:
        # The last snapshot of a round is the whole.
        return list(Ladder(readers).read())[-1], ""
    except ReadFailed as failure:
        return None, str(failure)


def most_queued(snapshot: Snapshot | None) -> list[tuple[str, Share, Held | None]]:
    """The accounts with most in the queue, and what of it is on hold."""
    if snapshot is None:
        return []
    shares = sorted(snapshot.shares.items(), key=lambda item: -item[1].messages)
    return [(name, share, snapshot.held.get(name)) for name, share in shares[:HOLDERS]]
