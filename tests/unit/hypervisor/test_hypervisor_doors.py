"""A door to a daemon: an opening connection that hangs is not waited for for ever."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from exporters.hypervisor.libvirtd import connection as doors
from exporters.hypervisor.libvirtd.connection import Address, Door, HypervisorUnreachable


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """A host that takes connections and never says a word, as one with a frozen daemon."""
    listening = socket.create_server(("127.0.0.1", 0))
    yield listening
    listening.close()


class _Host:
    """An address whose openings hang until told otherwise."""

    def __init__(self) -> None:
        self.hangs, self.openings, self.closed = True, 0, 0
        self.thawed = Event()

    def open(self, *, read_only: bool = True) -> Any:
        assert read_only
        self.openings += 1
        if self.hangs:
            self.thawed.wait(10)
        return self

    def close(self) -> None:
        self.closed += 1


def _open(door: Door) -> Any:
    door._not_before = 0.0
    return door.open()


def test_a_host_reset_while_a_connection_was_being_opened_is_reached_again(monkeypatch, mute):
    monkeypatch.setattr(doors, "FIRST_PATIENCE", 0.3)
    place = f"127.0.0.1:{mute.getsockname()[1]}"
    door = Door(Address(f"test+tcp://{place}/default"))
    began = monotonic()
    with pytest.raises(HypervisorUnreachable, match="opening"):
        door.open()
    assert monotonic() - began < 3
    door._address = Address("test:///default")
    assert _open(door).isAlive()


def test_connections_left_behind_are_closed_when_they_come_and_are_few(monkeypatch):
    monkeypatch.setattr(doors, "FIRST_PATIENCE", 0.02)
    monkeypatch.setattr(doors, "LONGEST_PATIENCE", 0.04)
    monkeypatch.setattr(doors, "MOST_LEFT", 3)
    host = _Host()
    door = Door(host)  # type: ignore[arg-type]  # an address that hangs
    for _ in range(3):
        with pytest.raises(HypervisorUnreachable):
            _open(door)
    waiting = Thread(target=_open, args=(door,))
    waiting.start()
    sleep(0.2)
    assert (waiting.is_alive(), host.openings) == (True, 4)
    with pytest.raises(HypervisorUnreachable, match="still being opened"):
        _open(door)
    host.hangs = False
    host.thawed.set()
    waiting.join(5)
    end = monotonic() + 5
    while host.closed < 3 and monotonic() < end:
        sleep(0.01)
    assert host.closed == 3
    assert _open(door) is host


def test_what_libvirt_says_of_a_refusal_is_told_until_the_door_opens_again(tmp_path):
    door = Door(Address(f"qemu+unix:///session?socket={tmp_path}/absent"))
    for _ in range(2):
        with pytest.raises(HypervisorUnreachable, match="absent"):
            door.open()
