"""Cost of a scan of 20,000 queued messages, beside a bare os.scandir of them (run with -s)."""

from __future__ import annotations

import os
import time

from exporters.mailqueue.queue_id import ALPHABET
from exporters.mailqueue.spool import QUEUES, Spool
from exporters.toolkit.collector import Deadline

COUNT = 20_000


def _cpu(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_a_second_scan_costs_little_more_than_listing_the_names(tmp_path):
    for queue in QUEUES:
        (tmp_path / queue).mkdir()
    folders = [tmp_path / "deferred" / letter for letter in "0123456789ABCDEF"]
    for folder in folders:
        folder.mkdir()
    for number in range(COUNT):
        letters = "".join(ALPHABET[number // 52**place % 52] for place in range(4))
        path = folders[number % 16] / f"4jYkk9{letters}z1SQ6m"
        path.write_bytes(b"x" * 200)
        path.chmod(0o700)
    spool = Spool(tmp_path)

    def names():
        for folder in folders:
            with os.scandir(folder) as entries:
                sum(1 for _ in entries)

    first = _cpu(lambda: spool.scan(Deadline.after(60)))
    again = min(_cpu(lambda: spool.scan(Deadline.after(60))) for _ in range(3))
    floor = min(_cpu(names) for _ in range(3))
    print(f"\n{COUNT} messages: first scan {first:.3f} s, next {again:.3f} s, names {floor:.3f} s")
    assert spool.scan(Deadline.after(60))["deferred"].messages == COUNT
    assert again < first
    assert again < 0.5
