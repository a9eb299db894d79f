from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exporters.mailqueue.queue_collector import QueueCollector, QueueSettings
from exporters.mailqueue.spool import QUEUES
from exporters.toolkit.collector import Deadline


@pytest.mark.parametrize("case", ["postfix_3.7", "two_instances_rfc3339"])
def test_the_page_of_a_log_is_the_golden_one(golden, page, collector_of, clock, tmp_path, case):
    log = tmp_path / "mail.log"
    log.touch()
    collector = collector_of(log)
    log.write_bytes((golden / "maillog" / f"{case}.log").read_bytes())
    clock.now = datetime(2026, 11, 24, 14, 26, 30, tzinfo=UTC)
    if case.startswith("two"):
        clock.now = datetime(2026, 5, 1, 5, 12, 10, tzinfo=UTC)
    text = page(collector.collect(Deadline.after(5)))
    assert text == (golden / "maillog" / f"{case}.prom").read_text(encoding="utf-8")


def test_the_page_of_a_spool_is_the_golden_one(golden, page, clock, tmp_path):
    spool, etc = tmp_path / "spool", tmp_path / "etc"
    for queue in QUEUES:
        (spool / queue).mkdir(parents=True)
    for line in (golden / "mailqueue" / "spool.txt").read_text().splitlines():
        name, size, mode = line.split()
        path = spool / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\0" * int(size))
        path.chmod(int(mode, 8))
    etc.mkdir()
    (etc / "main.cf").write_text("qmgr_message_active_limit = 400\n")
    collector = QueueCollector(QueueSettings(queue_directory=spool, config_directory=etc), clock)
    text = page(collector.collect(Deadline.after(5)))
    assert text == (golden / "mailqueue" / "spool.prom").read_text(encoding="utf-8")
