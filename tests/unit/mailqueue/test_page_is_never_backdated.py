"""`vigie mail analyse` says a time at which the line that caused the page was written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from mail_syndicate.attacks import VARIANTS, attack
from mail_syndicate.days import PARIS, at
from mail_syndicate.lines import line
from mail_syndicate.mails import Mail, events

from deploy.cli.__main__ import main

DAY = date(2026, 5, 1)
ACCOUNT = "agent3@ville-valmont.test"
SECOND = timedelta(seconds=1)


def _rfc3339(event, fraction):
    stamp = datetime.fromtimestamp(event.time, UTC) + timedelta(microseconds=fraction)
    return stamp, stamp.isoformat(timespec="microseconds")


def _bsd(event, _):
    stamp = datetime.fromtimestamp(event.time, PARIS)
    return stamp, f"{stamp:%b} {stamp.day:2} {stamp:%H:%M:%S}"


def _log(form, fraction):
    """Each line with the time it was written at."""
    usual = [
        Mail(at(DAY, -20) + minute * 600, ACCOUNT, "10.1.1.9", ["ville-brecourt.test"])
        for minute in range(20)
    ]
    stolen = attack(1, VARIANTS["burst, many networks"], at(DAY, 5), ACCOUNT)
    written = []
    for event in events(1, [*usual, *stolen]):
        stamp, text = form(event, fraction)
        written.append((stamp, f"{text} {line(event).split(' ', 1)[1]}"))
    return written


@pytest.mark.parametrize(
    ("form", "fraction"), [(_rfc3339, 0), (_rfc3339, 1), (_rfc3339, 999_999), (_bsd, 0)]
)
def test_cut_at_every_line_around_the_page(tmp_path, capsys, form, fraction):
    path = tmp_path / "mail.log"

    def pages(lines):
        path.write_text("".join(text for _, text in lines))
        assert main(["mail", "analyse", "--json", "--year", "2026", str(path)]) == 0
        return json.loads(capsys.readouterr().out)["detections"]

    written = _log(form, fraction)
    (page,) = pages(written)
    time = datetime.fromisoformat(page["time"])
    # With what was written by then the page is there, and it says the same.
    assert pages([row for row in written if row[0] <= time]) == [page]
    assert pages([row for row in written if row[0] < time]) == [page]
    # One line less than what causes it and there is none; that line was written by then.
    few, enough = 0, len(written)
    while enough - few > 1:
        middle = (few + enough) // 2
        said = pages(written[:middle])
        assert said in ([], [page])
        few, enough = (few, middle) if said else (middle, enough)
    for count in range(enough, enough + 3):
        assert pages(written[:count]) == [page]
    assert time - SECOND <= written[enough - 1][0] < time
