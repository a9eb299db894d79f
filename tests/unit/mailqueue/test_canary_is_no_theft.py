"""Canaries in the log, day and night and on 1 May: nobody is paged because of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.cli.__main__ import main

ACCOUNT = "canari@deux-rives.test"
MEMBERS = 9
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "collectors" / "mailcanary.md"
EVE = datetime(2026, 4, 30, 18, tzinfo=UTC)


TEXTS = (
    (0, "submission/smtpd[9]: {id}: client=mon[10.1.1.5], sasl_method=PLAIN, sasl_username={who}"),
    (20, "qmgr[8]: {id}: from=<>, size=900, nrcpt=1 (queue active)"),
    (
        90,
        (
            "lmtp[7]: {id}: to=<canari@d{member}.test>, relay=x[10.1.1.6]:24, delay=0.1,"
            " delays=0.02/0.01/0.03/0.04, dsn=2.0.0, status=sent (250 ok)"
        ),
    ),
    (95, "qmgr[8]: {id}: removed"),
)


def _lines(every, hours):
    """What Postfix logs of one canary to each member `every` so many seconds."""
    for number in range(int(hours * 3600 / every) * MEMBERS):
        at = EVE + timedelta(seconds=number * every / MEMBERS)
        member = number % MEMBERS
        for later, text in TEXTS:
            stamp = (at + timedelta(milliseconds=later)).isoformat(timespec="microseconds")
            what = text.format(id=f"{number:011X}", who=ACCOUNT, member=member)
            yield f"{stamp} mx1 postfix/{what}\n"


@pytest.fixture
def detections(tmp_path, capsys):
    def read(*options):
        log = tmp_path / "mail.log"
        log.write_text("".join(_lines(300, 14)))
        assert main(["mail", "analyse", "--json", *options, str(log)]) == 0
        return json.loads(capsys.readouterr().out)["detections"]

    return read


def test_canaries_at_the_default_interval_page_nobody_even_without_an_allow_list(detections):
    assert detections() == []


def test_the_entry_of_the_reference_is_a_good_one(detections, tmp_path):
    written = REFERENCE.read_text(encoding="utf-8")
    entry = next(line for line in written.splitlines() if f"account: {ACCOUNT}" in line)
    allowed = tmp_path / "allowed.yml"
    allowed.write_text(f"bulk_senders:\n{entry}\n", encoding="utf-8")
    assert detections("--bulk-senders", str(allowed)) == []
