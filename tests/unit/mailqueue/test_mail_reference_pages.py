"""The reference pages of the two mail collectors name every metric they export, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporters.mailqueue.log_collector import LogSettings
from exporters.mailqueue.queue_collector import QueueSettings, families
from exporters.toolkit.collector import Deadline

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "collectors"


def _named(page):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    rows = (line for line in text.splitlines() if line.startswith("| `"))
    return {re.match(r"\| `(\w+)`", row)[1] for row in rows}


def test_the_page_of_mailqueue_names_its_metrics():
    assert _named("mailqueue") == {family.name for family in families({}, 1, "postfix", 0.0)}


def test_the_page_of_maillog_names_its_metrics(collector_of, tmp_path):
    log = tmp_path / "mail.log"
    log.write_text("Nov 24 13:59:00 mx1 postfix/master[1]: hello\n")
    exported = collector_of(log).collect(Deadline.after(5))
    assert _named("maillog") == {
        family.name + ("_total" if family.type == "counter" else "") for family in exported
    }


@pytest.mark.parametrize(
    ("page", "settings"), [("mailqueue", QueueSettings), ("maillog", LogSettings)]
)
def test_the_page_names_every_setting(page, settings):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^    (\w+): ", text, re.MULTILINE)) == set(settings.model_fields)
