"""Asks the agents of guests, one after the other; one that hangs costs seconds, then nothing.

The deadline is libvirt's (``virDomainAgentSetResponseTimeout``): no call of ours outlives it
in a worker of the daemon. It holds for everybody who talks to that agent, so it is put back
to libvirt's default right after, lest a backup that freezes file systems be cut short.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import libvirt

from exporters.hypervisor.holdings import AgentAnswer, FileSystem
from exporters.hypervisor.libvirtd.breaker import Breaker
from exporters.hypervisor.libvirtd.far_machine import unsupported
from exporters.hypervisor.libvirtd.guest_file_systems import from_info, from_list
from exporters.hypervisor.libvirtd.xml_tree import tree_of

RESPONSE_SECONDS, ROUND_SECONDS = 2, 45.0
KEPT_SECONDS, MOST_MOUNTPOINTS = 240.0, 64
"""How long an answer is told while its guest waits for its next turn, and how many different
mount points one run of a guest may show: whoever renames them at each round makes no series
without end."""

CHANNEL = "devices/channel/target[@name='org.qemu.guest_agent.0'][@state='connected']"

_OUR_FAULT = (
    libvirt.VIR_ERR_NO_DOMAIN,
    libvirt.VIR_ERR_OPERATION_INVALID,  # it stopped meanwhile
)
_SILENT = (
    libvirt.VIR_ERR_AGENT_UNRESPONSIVE,
    libvirt.VIR_ERR_AGENT_UNSYNCED,
    libvirt.VIR_ERR_OPERATION_TIMEOUT,  # someone else's command holds it
)


@dataclass
class _Guest:
    """One run of a guest: its breaker, what it said last and when it was asked."""

    breaker: Breaker = field(default_factory=Breaker)
    answer: AgentAnswer | None = None
    asked_at: float = 0.0
    mountpoints: set[str] = field(default_factory=set)

    def told(self, now: float) -> AgentAnswer | None:
        """Its last answer unless that is too old. A silent agent stays so until it is asked."""
        answer = self.answer
        old = now - self.asked_at > KEPT_SECONDS
        return None if old and answer is not None and answer.responsive else answer

    def known(self, found: Iterable[FileSystem]) -> tuple[FileSystem, ...]:
        """Those whose mount point this run has shown, or may still show as a new one."""
        kept = []
        for one in found:
            if one.mountpoint in self.mountpoints or len(self.mountpoints) < MOST_MOUNTPOINTS:
                self.mountpoints.add(one.mountpoint)
                kept.append(one)
        return tuple(kept)


class AgentRound:
    """For one thread. `is_stuck` tells of a uuid not to ask it; `now` is a monotonic clock."""

    def __init__(self, is_stuck: Callable[[str], bool], now: Callable[[], float]) -> None:
        self._is_stuck, self._now = is_stuck, now
        self._guests: dict[tuple[str, int], _Guest] = {}

    def read(self, connection: Any) -> list[AgentAnswer]:
        """What the agents say, in the order of the domains' names.

        Whoever has waited longest is asked first; those a slow round does not reach keep
        their last answer and are first in the next.
        """
        end = self._now() + ROUND_SECONDS
        connected = {
            (domain.UUIDString(), domain.ID()): domain
            for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
            if _has_agent(domain)
        }
        self._guests = {key: self._guests.get(key, _Guest()) for key in connected}
        for key, guest in sorted(self._guests.items(), key=lambda item: item[1].asked_at):
            now = self._now()
            if self._is_stuck(key[0]):
                guest.answer = None
            elif now < end and guest.breaker.lets_through(now):
                guest.asked_at = now
                self._ask(connected[key], guest)
        now = self._now()
        answers = [told for guest in self._guests.values() if (told := guest.told(now)) is not None]
        return sorted(answers, key=lambda answer: answer.domain)

    def _ask(self, domain: Any, guest: _Guest) -> None:
        name = domain.name()
        try:
            found, dropped = _file_systems(domain)
        except libvirt.libvirtError as error:
            if error.get_error_code() in _OUR_FAULT or not domain.connect().isAlive():
                guest.answer = None
            elif error.get_error_code() in _SILENT:
                guest.breaker.failed(self._now())
                guest.answer = AgentAnswer(name, responsive=False)
            else:  # it refuses: the command is disabled, or failed in the guest
                guest.breaker.succeeded()
                guest.answer = AgentAnswer(name, responsive=True)
            return
        guest.breaker.succeeded()
        known = guest.known(found)
        guest.answer = AgentAnswer(name, True, known, dropped + len(found) - len(known))


def _has_agent(domain: Any) -> bool:
    """Whether someone in the guest listens to the agent's channel."""
    with contextlib.suppress(libvirt.libvirtError):  # it went meanwhile
        return tree_of(domain.XMLDesc()).find(CHANNEL) is not None
    return False


def _file_systems(domain: Any) -> Any:
    try:
        domain.agentSetResponseTimeout(RESPONSE_SECONDS)
    except libvirt.libvirtError as error:
        if not unsupported(error):
            raise
        return from_list(domain.fsInfo())  # a driver without deadlines, in memory
    try:
        typed = domain.guestInfo(libvirt.VIR_DOMAIN_GUEST_INFO_FILESYSTEM)
        if "fs.count" in typed:
            return from_info(typed)
        # libvirt gave up without a word (9.0 does): the older call says why.
        return from_list(domain.fsInfo())
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            domain.agentSetResponseTimeout(libvirt.VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_BLOCK)
