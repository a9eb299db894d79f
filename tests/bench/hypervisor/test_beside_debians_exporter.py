"""One table: libvirt's bare calls, our exporter and Debian's on the same guests in one run.

It prints times and asserts none: they are the machine's as much as ours. What it asserts
is that each of them did the work.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import statistics
import time

import pytest

UP = 'hypervisor_up{hypervisor="hv1"} '
FAILED = (OSError, http.client.HTTPException)


def _guests(page):
    """Guest -> the series it has, without their values."""
    found = {}
    for line in page.splitlines():
        # The inventory's own list tells of machines nobody has here.
        if line.startswith("hypervisor_inventory_"):
            continue
        if match := re.search(r'[{,]domain="([^"]+)"', line):
            found.setdefault(match[1], set()).add(line.rpartition(" ")[0])
    return found


def _up(page):
    return re.search(rf"^{re.escape(UP)}(\S+)$", page, re.MULTILINE)[1]


def _ratio(table, rows, ours, other, what):
    walls = [statistics.median(rows[name].walls) for name in (ours, other)]
    cpus = [statistics.fmean(rows[name].cpus) for name in (ours, other)]
    table.remarks.append(
        f"{what}: {ours} takes {walls[0] / walls[1]:.2f} times the wall time of {other}"
        f" and {cpus[0] / cpus[1]:.2f} times its own CPU time"
    )


@pytest.mark.timeout(900)
def test_what_a_scrape_costs_beside_debians_exporter(workshop, active, long, record_property):
    hypervisor, count = active
    table, rounds = workshop.table, 20 if long else 12
    ours, debians = workshop.ours(hypervisor), workshop.debians(hypervisor)
    contenders = workshop.contenders(hypervisor, ours, debians)
    scene = f"{count} active"
    rows = table.in_turns(scene, contenders, hypervisor, rounds, count)
    whole = _guests(ours.scrape().page)
    assert len(whole) == count
    assert len(_guests(debians.scrape().page)) == count
    bare = next(name for name in rows if name.endswith("connections"))
    _ratio(table, rows, "vigie", bare, scene)
    _ratio(table, rows, "vigie", "Debian's", scene)

    _stopped(workshop, hypervisor, ours, count, long, whole)
    _frozen(workshop, hypervisor, ours, count, long)
    _killed(workshop, hypervisor, ours, count)
    record_property("series", table.text())


def _row(table, scene, name, seconds, remark):
    row = table.add(type(table.rows[0])(scene, name, remark=remark))
    row.walls.append(seconds * 1e3)
    return row


def _timed(exporter, timeout):
    """(seconds, page), the page empty when there was no answer in `timeout` seconds."""
    start = time.monotonic()
    try:
        page = exporter.scrape(timeout).page
    except FAILED:
        page = ""
    return time.monotonic() - start, page


def _stopped(workshop, hypervisor, ours, count, long, whole):
    table, scene = workshop.table, f"1 of {count} stopped"
    debians = workshop.debians(hypervisor)
    debians.scrape()
    held = hypervisor.process("g001")
    held.suspend()
    try:
        for moment in ("first", "second", "third", "fourth", "fifth"):
            start = ours.cpu()
            seconds, page = _timed(ours, 20)
            found = _guests(page)
            complete = sum(found.get(name) == whole[name] for name in whole if name != "g001")
            row = _row(
                table, scene, f"vigie, {moment}", seconds, f"{complete} of {count - 1} complete"
            )
            row.cpus.append((ours.cpu() - start) * 1e3)
            assert complete == count - 1
        seconds, page = _timed(debians, 20 if long else 8)
        remark = f"{len(_guests(page))} of {count}" if page else "no answer, nothing of any guest"
        _row(table, scene, "Debian's", seconds, remark)
        debians.stop()
    finally:
        held.resume()
    end = time.monotonic() + 20
    while _guests(_timed(ours, 20)[1]) != whole:
        assert time.monotonic() < end
        time.sleep(0.2)


def _frozen(workshop, hypervisor, ours, count, long):
    table, scene = workshop.table, "libvirtd frozen"
    debians = workshop.debians(hypervisor)
    debians.scrape()
    daemon = hypervisor.libvirtd.child.pid
    os.kill(daemon, signal.SIGSTOP)
    try:
        for moment in ("first", "second", "third"):
            seconds, page = _timed(ours, 10)
            _row(table, scene, f"vigie, {moment}, 10 s to go", seconds, f"up {_up(page)}")
            assert _up(page) == "0.0" or _up(page) == "0"
        seconds, page = _timed(debians, 20 if long else 8)
        _row(table, scene, "Debian's", seconds, "answer" if page else "no answer")
    finally:
        os.kill(daemon, signal.SIGCONT)
        debians.stop()
    seconds = _back(ours, count)
    _row(table, "libvirtd thawed", "vigie", seconds, "until all guests are back")


def _killed(workshop, hypervisor, ours, count):
    table, scene = workshop.table, "libvirtd killed"
    debians = workshop.debians(hypervisor)
    debians.scrape()
    os.kill(hypervisor.libvirtd.child.pid, signal.SIGKILL)
    hypervisor.libvirtd.child.process.wait(10)
    seconds, page = _timed(ours, 10)
    _row(table, scene, "vigie", seconds, f"up {_up(page)}")
    seconds, page = _timed(debians, 10)
    _row(table, scene, "Debian's", seconds, "libvirt_up 0" if "libvirt_up 0" in page else "")
    hypervisor.restarted()
    scene = "libvirtd started again"
    _row(table, scene, "vigie", _back(ours, count), "until all guests are back")
    _row(table, scene, "Debian's, after ours", _back(debians, count), "until all guests are back")


def _back(exporter, count, seconds=30):
    """Seconds until a scrape tells of all guests again, disks and all."""
    start = time.monotonic()
    while True:
        _, page = _timed(exporter, 10)
        told = sum(
            "block" in line and "vdb" in line and "bytes" in line for line in page.splitlines()
        )
        if len(_guests(page)) == count and told >= 2 * count:
            return time.monotonic() - start
        assert time.monotonic() - start < seconds
        time.sleep(0.1)


@pytest.mark.timeout(300)
def test_what_a_thousand_guests_cost_that_are_shut_off(workshop, shut_off, record_property):
    hypervisor, count = shut_off
    table = workshop.table
    ours, debians = workshop.ours(hypervisor), workshop.debians(hypervisor)
    contenders = workshop.contenders(hypervisor, ours, debians)
    rows = table.in_turns(f"{count} shut off", contenders, hypervisor, 12, count)
    assert len(_guests(ours.scrape().page)) == count
    rows["Debian's"].remark = f"sees {len(_guests(debians.scrape().page))} of them"
    bare = next(name for name in rows if name.endswith("connections"))
    _ratio(table, rows, "vigie", bare, f"{count} shut off")
    record_property("series", table.text())
