"""An Exim whose log lists no recipients: the counts are exact whenever the process is killed."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from exporters.mailqueue.exim.message_id import arrival_of
from exporters.mailqueue.log.exim_memory import Memory, digest
from exporters.toolkit.collector import Deadline

ACCOUNT = "alice@ville-valmont.test"
SUBMITTED = ("mailqueue_submitted_recipients_total", ("member", "valmont"))
FIRST_ID = "1xY8gv-00064w-1v"


def message_id(number):
    return f"1xY8gv-{number:06d}-1v"


def life_of(number, rng):
    """(lines of one message, its recipients, what each attempt ended with)."""
    name, recipients = message_id(number), rng.randrange(1, 6)
    client = "H=(poste.test) [192.0.2.7]:60728"
    lines = [f"{name} <= {ACCOUNT} {client} P=esmtpsa A=plain:{ACCOUNT} S=263 id=m{number}@x"]
    outcomes = {"sent": 0, "deferred": 0, "bounced": 0}
    for at in range(recipients):
        who = f"r{at}@dest{number}.test R=all T=smtp"
        for _ in range(rng.randrange(4)):
            lines.append(f"{name} == {who} defer (111): Connection refused")
            outcomes["deferred"] += 1
        flag, rest = rng.choice((("=>", ""), ("**", ": Unrouteable address")))
        lines.append(f"{name} {flag} {who}{rest}")
        outcomes["sent" if flag == "=>" else "bounced"] += 1
    lines.append(f"{name} Completed")
    return lines, recipients, outcomes


def woven(count, rng):
    """Lines of many messages at once, each message's in order; and the truth about them."""
    lives = [life_of(number, rng) for number in range(count)]
    turns = [number for number, (lines, _, _) in enumerate(lives) for _ in lines]
    rng.shuffle(turns)
    each = [iter(lines) for lines, _, _ in lives]
    text = [next(each[number]) for number in turns]
    truth = {status: sum(o[status] for _, _, o in lives) for status in lives[0][2]}
    return text, sum(recipients for _, recipients, _ in lives), truth


def read(collector):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in collector.collect(Deadline.after(5))
        for sample in family.samples
    }


def attempts(values):
    found: dict[str, float] = {}
    for (name, *labels), value in values.items():
        if name == "mailqueue_delivery_attempts_total":
            status = dict(labels)["status"]
            found[status] = found.get(status, 0) + value
    return found


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "mainlog"
    path.touch()
    return path


@pytest.fixture
def save(monkeypatch):
    """Whether the next scrapes save."""

    def choose(wanted):
        every = 0 if wanted else 3600
        monkeypatch.setattr("exporters.mailqueue.log.reading.SAVE_SECONDS", every)

    return choose


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_instant_with_rotations_between_every_recipient_counts_once(
    collector_of, log, tmp_path, clock, save, seed
):
    rng = random.Random(seed)
    clock.now = clock.now + timedelta(seconds=arrival_of(FIRST_ID) - clock.now.timestamp() + 60)
    stamp = f"{clock.now:%Y-%m-%d %H:%M:%S} "
    lines, recipients, outcomes = woven(60, rng)
    state = tmp_path / "state"
    state.mkdir()
    begin = lambda: collector_of(log, state, mta="exim")  # noqa: E731
    save(True)
    collector = begin()
    read(collector)  # where counting begins is saved
    collector.settle()
    kills = rotations = 0
    while lines:
        size = rng.randrange(1, 25)
        part, lines = lines[:size], lines[size:]
        with log.open("a", encoding="ascii") as file:
            file.writelines(f"{stamp}{line}\n" for line in part)
        save(rng.random() < 0.5)
        if rng.random() < 0.7:
            read(collector)
            collector.settle()
        if rng.random() < 0.2:
            rotations += 1
            log.rename(log.with_name(f"mainlog.{rotations}"))
            log.touch()
        if rng.random() < 0.4:  # no close: it was killed
            kills += 1
            collector = begin()
    assert kills > 2
    assert rotations > 1
    values = read(collector)
    assert values[SUBMITTED] == recipients
    tried = attempts(values)
    assert {status: tried[status] for status in outcomes} == outcomes


def test_what_is_remembered_is_the_same_in_every_process_and_small():
    assert digest(b"a@dest.test") == 0xDFE5740651291E7D
    memory = Memory(addresses=1000)
    for number in range(50):
        name = message_id(number).encode()
        memory.begin(name, counts=True)
        for at in range(100):
            memory.see(name, b"r%d@dest.test" % at)
    rows = [row for _, row in memory.changes() if row is not None]
    assert sum(len(seen) for *_, seen in rows) <= 1000
    assert list(memory.changes()) == []


def test_a_message_that_ended_is_saved_as_gone_and_a_restored_one_goes_on():
    memory, name = Memory(), FIRST_ID.encode()
    memory.begin(name, counts=True)
    assert memory.see(name, b"a@dest.test")
    memory.fail(name, expired=True)
    other = Memory()
    other.restore(memory.changes())
    kept = other.get(name)
    assert (kept.counts, kept.failed, kept.expired) == (True, True, True)
    assert not other.see(name, b"a@dest.test")
    assert other.see(name, b"b@dest.test")
    other.end(name)
    assert list(other.changes()) == [(name, None)]
