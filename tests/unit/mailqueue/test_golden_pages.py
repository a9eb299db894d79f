from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from exporters.mailqueue.queue.snapshot import QUEUES
from exporters.mailqueue.queue_collector import QueueCollector, QueueSettings
from exporters.toolkit.collector import Context, Deadline

# Numbers of the detector's formula, which tests of their own hold: they change with each of its
# adjustments, and the page does not.
SCORES = {"mailqueue_account_score", "mailqueue_account_score_reason"}


@pytest.mark.parametrize("case", ["postfix_3.7", "two_instances_rfc3339"])
def test_the_page_of_a_log_is_the_golden_one(golden, page, collector_of, clock, tmp_path, case):
    log = tmp_path / "mail.log"
    log.touch()
    collector = collector_of(log)
    log.write_bytes((golden / "maillog" / f"{case}.log").read_bytes())
    clock.now = datetime(2026, 11, 24, 14, 26, 30, tzinfo=UTC)
    if case.startswith("two"):
        clock.now = datetime(2026, 5, 1, 5, 12, 10, tzinfo=UTC)
    families = list(collector.collect(Deadline.after(5)))
    assert {family.name for family in families} > SCORES
    text = page(family for family in families if family.name not in SCORES)
    assert text == (golden / "maillog" / f"{case}.prom").read_text(encoding="utf-8")


def test_the_page_of_a_spool_is_the_golden_one(golden, page, clock, tmp_path, example_inventory):
    spool, etc = tmp_path / "spool", tmp_path / "etc"
    for queue in QUEUES:
        (spool / queue).mkdir(parents=True)
    for line in (golden / "mailqueue" / "spool.txt").read_text().splitlines():
        name, size, mode, account, client, recipients = line.split()
        path = spool / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_queue_file(int(size), account, client, int(recipients)))
        path.chmod(int(mode, 8))
    etc.mkdir()
    (etc / "main.cf").write_text("qmgr_message_active_limit = 400\nqueue_minfree = 5000000\n")
    settings = QueueSettings(queue_directory=spool, config_directory=etc, floor_messages=2)
    collector = QueueCollector(settings, Context(example_inventory, clock))
    text = page(collector.collect(Deadline.after(5)))
    collector.close()
    # What depends on the moment and on the machine.
    text = re.sub(
        r"^(mailqueue_(?:scan_|spool_free_|spool_size_|spool_inodes|account_held_since_)\S*) .+$",
        r"\1 X",
        text,
        flags=re.MULTILINE,
    )
    assert text == (golden / "mailqueue" / "spool.prom").read_text(encoding="utf-8")


def _record(kind: bytes, data: str) -> bytes:
    return kind + bytes([len(data)]) + data.encode()


def _queue_file(size: int, account: str, client: str, recipients: int) -> bytes:
    head = _record(b"C", f"{size:15} {200:15} {recipients:15}") + _record(b"T", "1795528289 0")
    if account != "-":
        head += _record(b"A", f"sasl_username={account}")
    head += _record(b"A", f"log_client_address={client}") + _record(b"S", "x@y.test") + b"M\0"
    return head.ljust(size, b"\0")
