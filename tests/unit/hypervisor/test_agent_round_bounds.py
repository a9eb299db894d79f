"""What one guest may show through its agent, and for how long what it said is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from exporters.hypervisor.holdings import FileSystem
from exporters.hypervisor.libvirtd import agent_round
from exporters.hypervisor.libvirtd.agent_round import (
    KEPT_SECONDS,
    MOST_MOUNTPOINTS,
    ROUND_SECONDS,
    AgentRound,
)


class _Domain:
    """A running guest, by its name."""

    def __init__(self, name: str, run: int = 1) -> None:
        self._name, self.run = name, run

    def UUIDString(self) -> str:  # noqa: N802  # libvirt's name
        return f"uuid of {self._name}"

    def ID(self) -> int:  # noqa: N802
        return self.run

    def name(self) -> str:
        return self._name

    def connect(self) -> Any:
        return SimpleNamespace(isAlive=lambda: 1)


class _Silent(libvirt.libvirtError):
    def __init__(self) -> None:
        Exception.__init__(self, "silent")

    def get_error_code(self) -> int:
        return libvirt.VIR_ERR_AGENT_UNRESPONSIVE


@pytest.fixture
def estate(monkeypatch) -> SimpleNamespace:
    """`say` is what an agent answers, `now` a clock, `read` one round over `domains`."""
    told = SimpleNamespace(now=1000.0, domains=[], say=lambda _: ((), 0))
    monkeypatch.setattr(agent_round, "_has_agent", lambda _: True)

    def file_systems(domain: _Domain) -> Any:
        return told.say(domain)

    monkeypatch.setattr(agent_round, "_file_systems", file_systems)
    asking = AgentRound(lambda _: False, lambda: told.now)
    connection = SimpleNamespace(listAllDomains=lambda _: told.domains)
    told.read = lambda: {one.domain: one for one in asking.read(connection)}
    return told


def test_a_guest_that_renames_its_mount_points_makes_no_series_without_end(estate):
    estate.domains = [_Domain("web")]
    shown: set[str] = set()
    for number in range(20):
        new = tuple(FileSystem(f"/{number}/{part}", "ext4") for part in range(10))
        estate.say = lambda _, new=new: ((FileSystem("/", "ext4"), *new), 0)
        answer = estate.read()["web"]
        assert len(answer.file_systems) + answer.dropped == 11
        assert "/" in {one.mountpoint for one in answer.file_systems}
        shown |= {one.mountpoint for one in answer.file_systems}
    assert len(shown) == MOST_MOUNTPOINTS
    estate.domains = [_Domain("web", run=2)]
    assert len(estate.read()["web"].file_systems) == 11


def test_an_answer_is_dropped_when_its_guest_has_had_no_turn_for_too_long(estate):
    estate.domains = [_Domain("a"), _Domain("b")]
    estate.say = lambda _: ((FileSystem("/", "ext4", 10, 5),), 0)
    assert estate.read().keys() == {"a", "b"}

    def slow(domain: _Domain) -> Any:
        estate.now += ROUND_SECONDS + 1
        return (FileSystem("/", "ext4", 10, 6),), 0

    estate.say = slow
    estate.now += 60
    assert estate.read().keys() == {"a", "b"}  # one had its turn, the other waits
    estate.now += KEPT_SECONDS
    assert len(estate.read()) == 1


def test_an_agent_that_is_silent_is_told_so_while_it_is_left_alone(estate):
    estate.domains = [_Domain("web")]

    def silent(_: _Domain) -> Any:
        raise _Silent

    estate.say = silent
    for _ in range(10):
        assert estate.read()["web"].responsive is False
        estate.now += 60
    estate.now += 3000
    assert estate.read()["web"].responsive is False
