"""The reference pages of the two mail collectors name every metric they export, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from exporters.mailqueue.log.events import MailEvent
from exporters.mailqueue.log.postfix import mail_events
from exporters.mailqueue.log.settings import LogSettings
from exporters.mailqueue.log.stamp import StampReader
from exporters.mailqueue.queue.snapshot import QUEUES
from exporters.mailqueue.queue_collector import QueueCollector, QueueSettings
from exporters.toolkit.collector import Context, Deadline
from tests.unit.mailqueue.test_country_database import database

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "collectors"


def _named(page):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    rows = (line for line in text.splitlines() if line.startswith("| `"))
    return {re.match(r"\| `(\w+)`", row)[1] for row in rows}


def test_the_page_of_mailqueue_names_its_metrics(example_inventory, clock, tmp_path):
    for queue in QUEUES:
        (tmp_path / queue).mkdir()
    (tmp_path / "main.cf").touch()
    settings = QueueSettings(queue_directory=tmp_path, config_directory=tmp_path)
    collector = QueueCollector(settings, Context(example_inventory, clock))
    exported = {family.name for family in collector.collect(Deadline.after(5))}
    collector.close()
    assert _named("mailqueue") == exported


def test_the_page_of_maillog_names_its_metrics(collector_of, tmp_path):
    log = tmp_path / "mail.log"
    log.write_text("Nov 24 13:59:00 mx1 postfix/master[1]: hello\n")
    (tmp_path / "bulk.yml").write_text("bulk_senders: []\n")
    (tmp_path / "country.mmdb").write_bytes(database({}))
    optional = {
        "bulk_senders_file": tmp_path / "bulk.yml",
        "country_database": tmp_path / "country.mmdb",
    }
    exported = collector_of(log, **optional).collect(Deadline.after(5))
    assert _named("maillog") == {
        family.name + ("_total" if family.type == "counter" else "") for family in exported
    }


@pytest.mark.parametrize(
    ("page", "settings"), [("mailqueue", QueueSettings), ("maillog", LogSettings)]
)
def test_the_page_names_every_setting(page, settings):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^    (\w+): ", text, re.MULTILINE)) == set(settings.model_fields)


def test_the_lines_on_the_page_of_lines_are_read_as_it_says(clock):
    text = (PAGES / "mail-log-lines.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(.+)` \|$", text, re.MULTILINE)
    block = "".join(f"Nov 24 13:59:00 {line}\n" for _, line in rows).encode()
    events = mail_events(block, StampReader(clock))
    assert [type(event).__name__ for event in events] == [kind for kind, _ in rows]
    assert {kind for kind, _ in rows} == {kind.__name__ for kind in get_args(MailEvent)}
