"""Who has been stuck for how long, from scrape to scrape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from time import monotonic

from exporters.hypervisor.libvirtd.site import StuckGuests


class Watch:
    """Keeps StuckGuests up to date. libvirt's own measure of the time wins over ours."""

    def __init__(self, shared: StuckGuests, now: Callable[[], float] = monotonic) -> None:
        self._shared, self._now = shared, now
        self._since: dict[str, float] = {}

    def update(
        self,
        found: Mapping[str, float | None],
        silent: AbstractSet[str],
        listed: AbstractSet[str],
        *,
        looked: bool,
    ) -> Mapping[str, float]:
        """uuid -> seconds of every guest that is stuck now.

        `found` are those libvirt says are held, with its own count of the seconds if it has
        one; `silent` those that told nothing of their monitor. Unless we `looked`, whoever was
        stuck and is still silent stays so.
        """
        now = self._now()
        stuck = set(found) if looked else set(found) | (self._since.keys() & silent)
        self._since = {uuid: self._since.get(uuid, now) for uuid in stuck & listed}
        self._shared.uuids = frozenset(self._since)
        seconds = {}
        for uuid, since in self._since.items():
            told = found.get(uuid)
            seconds[uuid] = now - since if told is None else told
        return seconds
