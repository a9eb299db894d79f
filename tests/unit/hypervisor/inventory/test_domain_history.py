"""Events counted by domain, through renames, ends, gaps and restarts."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import libvirt
import pytest

from exporters.hypervisor.history import (
    FORGOTTEN_AFTER,
    MOST_DOMAINS,
    MOST_REMEMBERED,
    MOST_SHOWN,
    SHOWN_AFTER_ITS_END,
    History,
)
from exporters.hypervisor.history_file import HistoryFile, as_text
from exporters.hypervisor.libvirtd import events
from exporters.hypervisor.libvirtd.chronicle import Chronicle
from exporters.hypervisor.libvirtd.events import EVENTS, LIFECYCLE, OTHERS, lifecycle, other
from exporters.hypervisor.metrics.events import families

DETAILS = {
    "DEFINED": 0,
    "UNDEFINED": 1,
    "STARTED": 2,
    "SUSPENDED": 3,
    "RESUMED": 4,
    "STOPPED": 5,
    "SHUTDOWN": 6,
    "PMSUSPENDED": 7,
    "CRASHED": 8,
}
# Steps of something that is counted under another name.
STEPS = {(1, 1), (3, 1), (3, 4), (3, 7), (4, 1), (4, 3), (6, 0), (6, 1), (6, 2)}


def _happened(*kinds, uuid="u", name="mx1", at=100.0):
    history = History()
    for kind, detail in kinds:
        history.record(lifecycle(uuid, name, at, kind, detail))
    return history


def test_every_lifecycle_event_of_the_installed_libvirt_is_counted_or_a_known_step():
    known = set()
    for word, kind in DETAILS.items():
        assert getattr(libvirt, f"VIR_DOMAIN_EVENT_{word}") == kind
        start = f"VIR_DOMAIN_EVENT_{word}_"
        known |= {(kind, getattr(libvirt, name)) for name in dir(libvirt) if name.startswith(start)}
    assert known == LIFECYCLE.keys() | STEPS


def test_every_other_kind_exists_in_libvirt():
    assert [kind for kind in OTHERS if not hasattr(libvirt, f"VIR_DOMAIN_EVENT_ID_{kind}")] == []


@pytest.mark.parametrize(
    ("kind", "arguments", "counted"),
    [
        ("IO_ERROR_REASON", ("/a", "virtio-disk0", 1, "enospc"), ("io_error", "no_space")),
        ("IO_ERROR_REASON", ("/a", "virtio-disk0", 1, ""), ("io_error",)),
        ("AGENT_LIFECYCLE", (1, 2), ("agent_connected",)),
        ("AGENT_LIFECYCLE", (2, 2), ("agent_disconnected",)),
        ("AGENT_LIFECYCLE", (2, 1), ()),
        ("BLOCK_JOB_2", ("vda", 2, 1), ("block_job_failed",)),
        ("BLOCK_JOB_2", ("vda", 2, 3), ()),
        ("BLOCK_THRESHOLD", ("vda", "/a", 10, 2), ("block_threshold",)),
        ("BLOCK_THRESHOLD", ("vda[2]", "/a", 10, 2), ()),
        ("MEMORY_FAILURE", (0, 1, 0), ("memory_failure",)),
        ("JOB_COMPLETED", ({},), ("job_completed",)),
        ("TUNABLE", ({},), ()),
    ],
)
def test_other_events(kind, arguments, counted):
    event = other(kind, "u", "mx1", 1.0, arguments)
    assert event.counted == counted
    assert set(counted) <= EVENTS


def test_a_guest_that_arrives_is_counted_when_it_goes_on_here():
    history = _happened((2, 1))
    assert history.domains["u"].counts == {}
    history.record(lifecycle("u", "mx1", 1.0, 4, 1))
    assert history.domains["u"].counts == {"migrated_in": 1}


def test_an_arrival_that_fails_is_no_crash_and_a_dead_qemu_is_one():
    assert _happened((2, 1), (5, 5)).domains["u"].counts == {"arrival_failed": 1}
    assert _happened((2, 0), (5, 5)).domains["u"].counts == {"started": 1, "crashed": 1}


def test_a_pause_by_an_io_error_counts_as_one_unless_the_error_was_told():
    assert _happened((3, 2)).domains["u"].counts == {"suspended": 1, "io_error": 1}
    history = History()
    history.record(other("IO_ERROR_REASON", "u", "mx1", 99.9, ("", "", 1, "")))
    history.record(lifecycle("u", "mx1", 100.0, 3, 2))
    assert history.domains["u"].counts == {"suspended": 1, "io_error": 1}


def test_everything_recorded_has_a_word_of_the_table():
    history = _happened(*LIFECYCLE, (4, 0))
    assert history.domains["u"].counts.keys() <= EVENTS
    assert events.PAUSED_BY_IO_ERROR not in history.domains["u"].counts


def test_a_change_nobody_told_of_happened_when_it_was_found():
    history = History()
    history.saw("u", "mx1", (1, 3), 50.0)
    assert history.domains["u"].changed_at is None
    history.saw("u", "mx1", (1, 3), 60.0)
    assert history.domains["u"].changed_at is None
    history.saw("u", "mx1", (5, -1), 70.0)
    assert history.domains["u"].changed_at == 70.0
    history.saw("u", "mx1", (1, 4), None)
    assert history.domains["u"].changed_at == 70.0


def test_a_domain_is_forgotten_a_month_after_its_end_and_not_before():
    history = _happened((2, 0))
    history.only([], 0.0)
    history.only([], FORGOTTEN_AFTER)
    assert history.domains["u"].counts == {"started": 1}
    history.only([], FORGOTTEN_AFTER + 1)
    assert history.domains == {}


def test_a_domain_that_comes_back_goes_on_counting():
    history = _happened((2, 0))
    history.only([], 0.0)
    history.saw("u", "mx1", (1, 3), 10.0)
    history.record(lifecycle("u", "mx1", 11.0, 2, 0))
    assert history.domains["u"].counts == {"started": 2}
    assert history.domains["u"].gone_at is None


def test_a_name_taken_over_has_one_series():
    history = _happened((2, 0), uuid="old")
    history.gone("old", 10.0)
    history.record(lifecycle("new", "mx1", 11.0, 2, 0))
    (domain,) = history.shown(12.0)
    assert domain is history.domains["new"]
    told = {family.sample_name: family for family in families("hv1", history, True, 12.0)}
    labels = [tuple(one.labels.items()) for one in told["hypervisor_domain_events_total"].samples]
    assert len(labels) == len(set(labels)) == 6


def test_their_number_is_bounded():
    history = History()
    for number in range(MOST_DOMAINS + 10):
        history.record(lifecycle(str(number), "mx1", 1.0, 2, 0))
    assert len(history.domains) == MOST_DOMAINS


def _came_and_went(history, numbers):
    for number in numbers:
        history.record(lifecycle(f"u{number}", f"g{number}", float(number), 2, 0))
        history.gone(f"u{number}", float(number))


def _told(history, now):
    """(domain, event) -> value."""
    return {
        (one.labels["domain"], one.labels["event"]): one.value
        for family in families("hv1", history, True, now)
        if family.name == "hypervisor_domain_events"
        for one in family.samples
    }


def test_of_a_domain_that_is_gone_only_what_happened_is_told_and_for_a_quarter_of_an_hour():
    history = _happened((2, 0))
    assert len(_told(history, 100.0)) == 6
    history.gone("u", 200.0)
    assert _told(history, 200.0 + SHOWN_AFTER_ITS_END) == {("mx1", "started"): 1}
    assert _told(history, 201.0 + SHOWN_AFTER_ITS_END) == {}
    assert history.shown_until(300.0) == 200.0 + SHOWN_AFTER_ITS_END


def test_a_domain_is_shown_for_as_long_as_the_longest_increase_of_the_rules():
    rules = (files("alertmanager") / "rules" / "hypervisor_guests.yml").read_text(encoding="utf-8")
    windows = re.findall(r"increase\(hypervisor_domain_events_total\{[^}]*\}\[(\d+)m\]\)", rules)
    assert windows
    assert max(map(int, windows)) * 60 <= SHOWN_AFTER_ITS_END


def test_of_many_that_are_gone_the_last_ones_are_shown_and_remembered():
    history = _happened((2, 0), name="here")
    number = MOST_REMEMBERED + 10
    _came_and_went(history, range(number))
    shown = {domain.name for domain in history.shown(float(number))}
    recent = min(MOST_SHOWN, int(SHOWN_AFTER_ITS_END))
    assert shown == {"here", *(f"g{n}" for n in range(number - recent, number))}
    assert history.forget(float(number))
    assert len(history.domains) == 1 + MOST_REMEMBERED
    assert "u9" not in history.domains
    assert {"u", "u10"} <= history.domains.keys()
    assert not history.forget(float(number))


def test_a_domain_left_out_for_want_of_room_goes_on_counting_when_it_returns():
    history = History()
    _came_and_went(history, range(MOST_SHOWN + 1))
    now = MOST_SHOWN + 1.0
    assert ("g0", "started") not in _told(history, now)
    history.record(lifecycle("u0", "g0", now, 2, 0))
    history.saw("u0", "g0", (1, 3), None)
    assert _told(history, now)["g0", "started"] == 2


def test_a_domain_that_comes_and_goes_unseen_is_shown_from_its_last_event_on():
    history = _happened((2, 0), at=100.0)
    history.gone("u", 100.0)
    late = 100.0 + 2 * SHOWN_AFTER_ITS_END
    history.record(lifecycle("u", "mx1", late, 5, 5))
    assert _told(history, late + 1)["mx1", "crashed"] == 1


def test_the_page_lets_go_of_a_domain_although_nothing_else_happens():
    now = [1000.0]
    chronicle = Chronicle("hv1", None, lambda: now[0])
    chronicle.record(lifecycle("u", "mx1", now[0], 2, 0))
    chronicle.gone("u")
    chronicle.render()
    before = chronicle.families
    now[0] += SHOWN_AFTER_ITS_END
    chronicle.render()
    assert chronicle.families is before
    now[0] += 1
    chronicle.render()
    assert "hypervisor_domain_events" not in {family.name for family in chronicle.families}


def test_a_restart_loses_nothing(tmp_path):
    history = _happened((2, 0), (3, 0))
    history.gaps = 3
    history.saw("u", 'm"x\n1 é', (3, 7), None)
    file = HistoryFile(tmp_path, "hv1")
    assert file.load() is None
    assert file.save(as_text(history))
    assert HistoryFile(tmp_path, "hv1").load() == history
    assert [path.name for path in tmp_path.iterdir()] == ["events-hv1.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"version":2,"gaps":0,"domains":{}}',
        b'{"version":1,"gaps":-1,"domains":{}}',
        b'{"version":1,"gaps":0,"domains":{"u":{"name":"x","counts":{"started":-1}}}}',
        b'{"version":1,"gaps":0,"domains":{"u":{"name":"x","changed_at":"NaN"}}}',
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside(tmp_path, content):
    file = HistoryFile(tmp_path, "hv1")
    file.path.write_bytes(content)
    assert file.load() is None
    assert not file.path.exists()
    assert (tmp_path / "events-hv1.corrupt").read_bytes() == content
    assert file.save(as_text(History()))
    assert file.load() == History()


def test_an_event_the_table_does_not_have_is_not_taken_from_the_file(tmp_path):
    file = HistoryFile(tmp_path, "hv1")
    counts = {"started": 2, "évasion": 9}
    domains = {"u": {"name": "x", "counts": counts}}
    file.path.write_text(json.dumps({"version": 1, "gaps": 0, "domains": domains}))
    assert file.load().domains["u"].counts == {"started": 2}


def test_a_folder_that_refuses_costs_nothing_but_a_line(tmp_path):
    file = HistoryFile(tmp_path / "absent", "hv1")
    assert file.load() is None
    assert file.save("{}") is False
