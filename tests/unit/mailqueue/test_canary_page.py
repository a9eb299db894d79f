"""The page of the canaries: the golden one, what promtool says of it, and how much it may hold."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exporters.mailqueue.canary.ledger import Ledger
from exporters.mailqueue.canary.metrics import families
from exporters.mailqueue.canary.settings import (
    CanaryEntry,
    CanarySettings,
    ImapSettings,
    SmtpSettings,
)

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "collectors" / "mailcanary.md"


@pytest.fixture
def text(page):
    """Valmont has two canaries, one of them lost; Brécourt failed; Haucourt has not begun."""

    def ledger(*steps):
        made = Ledger(300, 60, "receive")
        for number, step in enumerate(steps):
            made.begin(str(number), 600 * number)
            if step in ("tls", "refused"):
                made.failed(str(number), step)
                continue
            made.sent(str(number))
            if step == "lost":
                made.looked(600 * number + 300, readable=True)
            else:
                made.arrived(str(number), 600 * number + step, 1_795_528_000 + 600 * number)
        return made.tally()

    by_member = {
        "valmont": [ledger(0.8, 2.5, 47.0), ledger(4.0, "lost")],
        "brecourt": [ledger("tls", "refused")],
        "haucourt": [ledger()],
    }
    return page(families(by_member))


def test_the_page_is_the_golden_one(golden, text):
    assert text == (golden / "mailcanary" / "three_members.prom").read_text(encoding="utf-8")


def test_promtool_has_nothing_to_say(text):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    command = ["promtool", "check", "metrics"]
    checked = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_a_member_has_so_many_series_and_no_more(text):
    series = [line for line in text.splitlines() if 'member="valmont"' in line]
    assert len(series) == 25


def _metrics(text):
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}


def test_the_reference_names_every_metric(text):
    rows = re.findall(r"^\| `(mailqueue_\w+)`", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == _metrics(text)


def test_the_reference_names_every_setting():
    written = REFERENCE.read_text(encoding="utf-8")
    for model in (CanarySettings, SmtpSettings, CanaryEntry, ImapSettings):
        for key in model.model_fields:
            assert re.search(rf"\b{key}:", written), key
