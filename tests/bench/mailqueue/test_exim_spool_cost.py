"""What a full Exim spool costs: 20,000 messages (100,000 with --long), beside Exim's own list.

A real Exim, for its ``exim -bpc`` counts the names and its ``exim -bp`` opens each header. The
files are copies of one that this Exim deferred, under ids and accounts of their own.
"""

from __future__ import annotations

import resource
import shutil
import time
from pathlib import Path

import pytest
from exim_spool import base62

from deploy.estate.child import wait_until
from deploy.estate.exim import EximServer
from deploy.estate.exim_config import EximSettings
from deploy.estate.exim_package import USER, exim_program
from deploy.estate.ports import Ports, free_base
from deploy.estate.submit import Session
from exporters.mailqueue.exim.spool import Spool

ACCOUNTS, ALICE = 6000, "alice@ville-valmont.test"
PER_SECOND = 200


@pytest.fixture
def exim(open_folder):
    program = exim_program(Path(__file__).parents[3] / "build" / "exim")
    server = EximServer(
        EximSettings(open_folder / "exim", Ports(free_base())), program, {ALICE: "x"}
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()


def write_messages(server: EximServer, model: Path, numbers: range) -> None:
    """Copies of `model`, the newest an hour old, in the folders where Exim looks for them."""
    name, began = model.name.removesuffix("-H"), int(time.time()) - 3600
    head = model.read_bytes()
    data = model.with_name(f"{name}-D").read_bytes()
    for number in numbers:
        seconds = base62(began - number // PER_SECOND, 6)
        identity = f"{seconds}-{base62(number, 6)}-00"
        folder = server.spool / "input" / seconds[-1]
        if not folder.exists():
            folder.mkdir(mode=0o750)
            shutil.chown(folder, USER, USER)
        who = b"alice@" if number % 2 else b"u%04d@" % (number // 2 % ACCOUNTS)
        for kind, text in (("D", data), ("H", head.replace(b"alice@", who))):
            path = folder / f"{identity}-{kind}"
            path.write_bytes(text.replace(name.encode(), identity.encode()))
            path.chmod(0o640)
            shutil.chown(path, USER, USER)


def cpu_of_reading(spool: Spool) -> float:
    began = time.process_time()
    list(spool.read())
    return time.process_time() - began


def cpu_of_exim(server: EximServer, option: str) -> float:
    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    began = used()
    server.exim(option)
    return used() - began


@pytest.mark.timeout(400)
def test_a_full_spool_costs_less_than_exims_own_list(exim, long, record_property):
    count = 100_000 if long else 20_000
    exim.stop_relay()
    with Session(exim.ports, ALICE, "x") as session:
        session.send(["a@dest.test"], message_id="modele@vigie.test", size=1000)
    wait_until(lambda: " defer (" in exim.log.read_text(), "deferred", 15)
    exim.run_queue()  # it waits for the delivery that began
    [model] = (exim.spool / "input").glob("*/*-H")
    write_messages(exim, model, range(1, count))
    time.sleep(2.1)  # a folder that changed this lately is listed again

    spool = Spool(exim.spool, time.time, count)
    first = cpu_of_reading(spool)
    [whole] = spool.read()
    assert whole.attributed == whole.queues["deferred"].messages == count
    assert whole.shares[ALICE].messages == count // 2 + 1
    unchanged = min(cpu_of_reading(spool) for _ in range(3))
    write_messages(exim, model, range(count, count + 300))
    changed = cpu_of_reading(spool)
    names, headers = (min(cpu_of_exim(exim, option) for _ in "ab") for option in ("-bpc", "-bp"))
    assert exim.count() == [*spool.read()][-1].messages == count + 300

    rows = (
        ("ours, first scan, every header opened", first),
        ("ours, scan, nothing new", unchanged),
        ("ours, scan, 300 new messages", changed),
        ("exim -bpc (the number alone)", names),
        ("exim -bp", headers),
    )
    table = "\n".join(
        [f"{f'{count} messages in an Exim spool':<42}{'CPU ms':>9}"]
        + [f"{what:<42}{seconds * 1e3:>9.1f}" for what, seconds in rows]
    )
    record_property("series", table)
    print(f"\n{table}")

    # Times are printed; asserted is only what holds on any machine: ratios of this very run.
    assert unchanged < names
    assert changed < headers
    assert unchanged < first / 10
