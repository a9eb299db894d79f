"""Guests that do not run: who is read when, and what is kept of them."""

from __future__ import annotations

from exporters.hypervisor.libvirtd import resting
from exporters.hypervisor.libvirtd.resting import TURNS, Resting

OFF = {"state.state": 5, "state.reason": 1}


def _listed(count, **changed):
    guests = {f"u{n}": (f"g{n}", f"u{n}", -1, dict(OFF)) for n in range(count)}
    return {**guests, **changed}


def _read(guests, uuids, **more):
    return [(*guests[uuid][:3], {**guests[uuid][3], "vcpu.maximum": 2, **more}) for uuid in uuids]


def _settled(kept, guests):
    kept.keep(_read(guests, kept.due(guests)))


def test_each_is_read_at_first_then_a_share_of_them_a_scrape_and_all_in_turn():
    kept, guests = Resting(), _listed(100)
    assert len(kept.due(guests)) == 100
    kept.keep(_read(guests, guests))
    shares = [kept.due(guests) for _ in range(TURNS)]
    assert [len(share) for share in shares] == [25] * TURNS
    assert set().union(*shares) == set(guests)
    assert not any(running for share in shares for running in share.values())


def test_a_guest_that_runs_is_always_read_and_nothing_is_kept_of_it():
    kept, guests = Resting(), _listed(8, u3=("g3", "u3", 7, {"state.state": 1}))
    _settled(kept, guests)
    assert all(kept.due(guests)["u3"] for _ in range(TURNS))
    kept.keep([("g3", "u3", 7, {"cpu.time": 1})])
    assert kept.record("u3") is None


def test_one_that_started_renamed_or_changed_its_state_is_read_at_once():
    for changed in (
        ("g5", "u5", 9, {"state.state": 1}),
        ("new", "u5", -1, dict(OFF)),
        ("g5", "u5", -1, {**OFF, "state.reason": 3}),
    ):
        kept = Resting()
        _settled(kept, _listed(16))
        guests = _listed(16, u5=changed)
        assert all("u5" in kept.due(guests) for _ in range(TURNS))
        assert kept.record("u5") is None, "what was kept is no longer true"


def test_nobody_is_served_older_than_the_limit(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(resting, "monotonic", lambda: now[0])
    kept, guests = Resting(), _listed(16)
    _settled(kept, guests)
    now[0] += resting.LONGEST + 1
    assert kept.due(guests).keys() == guests.keys()
    assert all(kept.record(uuid) is None for uuid in guests)


def test_an_unchanged_record_stays_the_same_object_a_changed_one_replaces_it():
    kept, guests = Resting(), _listed(4)
    _settled(kept, guests)
    first = kept.record("u1")
    kept.keep(_read(guests, ["u1"]))
    assert kept.record("u1") is first
    kept.keep(_read(guests, ["u1"], **{"vcpu.maximum": 4}))
    assert kept.record("u1")[3]["vcpu.maximum"] == 4


def test_one_that_is_gone_is_forgotten():
    kept, guests = Resting(), _listed(4)
    _settled(kept, guests)
    del guests["u2"]
    kept.due(guests)
    assert kept.record("u2") is None
