"""The detector inside the collector: who is on the page, under which name, and until when."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta

import pytest

from exporters.mailqueue.detector import Standing
from exporters.mailqueue.log.settings import LogSettings
from exporters.mailqueue.log.shown import COMPROMISED_LIMIT, Floor, choose
from exporters.mailqueue.log.windows import Totals
from exporters.mailqueue.log_collector import LogCollector
from exporters.toolkit.collector import Context, Deadline
from inventory.process.logs import capture
from tests.unit.mailqueue.test_country_database import database

THIEF = "agnes@ville-valmont.test"


def read(collector):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in collector.collect(Deadline.after(5))
        for sample in family.samples
    }


def flood(clock, account=THIEF, messages=60, networks=20, recipients=30, started=0):
    stamp = f"{clock.now:%b %d %H:%M:%S} mx1 "
    return "".join(
        f"{stamp}postfix/submission/smtpd[1]: B{started + number:08X}:"
        f" client=x[198.51.{number % networks}.7], sasl_method=PLAIN, sasl_username={account}\n"
        f"{stamp}postfix/qmgr[2]: B{started + number:08X}: from=<{account}>, size=9,"
        f" nrcpt={recipients} (queue active)\n"
        for number in range(messages)
    )


def append(log, text):
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "mail.log"
    path.touch()
    return path


LABELS = (("account", THIEF), ("member", "valmont"))
COMPROMISED = ("mailqueue_account_compromised", *LABELS)
SCORE = ("mailqueue_account_score", *LABELS)


def test_a_flood_is_on_the_page_with_its_reasons_until_it_was_stopped(collector_of, log, clock):
    collector = collector_of(log)
    assert COMPROMISED not in read(collector)
    append(log, flood(clock))
    with capture() as said:
        values = read(collector)
    assert values[COMPROMISED] == 1
    assert values["mailqueue_account_compromised_since_timestamp_seconds", *LABELS] == (
        clock.now.timestamp()
    )
    assert values[SCORE] >= 80
    assert values["mailqueue_account_networks", *LABELS] == 20
    reasons = {
        dict(key[1:])["reason"]: value
        for key, value in values.items()
        if key[0] == "mailqueue_account_score_reason"
    }
    assert reasons["networks"] > 0
    assert values["mailqueue_jam_detected",] == 0
    told = next(line for line in said if line["event"] == "compte sans doute détourné")
    assert told["account"] == THIEF
    clock.now += timedelta(seconds=100)
    assert read(collector)[COMPROMISED] == 1
    clock.now += timedelta(seconds=60)  # no line since: it was stopped
    values = read(collector)
    assert COMPROMISED not in values
    assert values[SCORE] >= 20


def test_a_flood_of_the_past_pages_only_while_it_goes_on(collector_of, log, clock):
    append(log, flood(clock))
    clock.now += timedelta(hours=3)
    with capture() as said:
        assert COMPROMISED not in read(collector_of(log))
    assert not [line for line in said if line["event"].startswith("compte")]
    append(log, flood(clock, started=100))
    assert COMPROMISED in read(collector_of(log))


def test_a_theft_under_way_goes_on_while_the_exporter_catches_up(collector_of, log, clock):
    collector = collector_of(log)
    append(log, flood(clock))
    assert COMPROMISED in read(collector)
    clock.now += timedelta(minutes=1)
    append(log, flood(clock, started=100, messages=10_000))  # more than one block
    clock.now += timedelta(minutes=10)
    append(log, flood(clock, started=100_000))
    late = {
        (sample.name, *sorted(sample.labels.items()))
        for family in collector.collect(Deadline(at=0.1, now=lambda: 0.0))
        for sample in family.samples
    }
    assert COMPROMISED in late
    assert COMPROMISED in read(collector)


def test_an_account_called_as_our_word_for_the_others_is_told_from_them(collector_of, log, clock):
    collector = collector_of(log, top_accounts=1)
    append(log, flood(clock, account="other") + flood(clock, started=100, messages=2))
    names = [
        (sample.name, *sorted(sample.labels.items()))
        for family in collector.collect(Deadline.after(5))
        for sample in family.samples
    ]
    assert len(names) == len(set(names))
    labels = {dict(key[1:]).get("account") for key in names}
    assert labels >= {"other", "other@"}


def test_keyed_labels_name_nobody_and_stay_the_same(collector_of, log, clock, tmp_path):
    key = tmp_path / "labels.key"
    key.write_text("une clé bien assez longue\n")
    key.chmod(0o600)
    options = {"account_labels": "keyed", "label_key_file": key}
    collector = collector_of(log, tmp_path, **options)
    read(collector)
    append(log, flood(clock))
    with capture() as said:
        values = read(collector)
    assert not [name for name in values if THIEF in str(name)]
    assert THIEF not in str(said)
    (shown,) = (key for key in values if key[0] == "mailqueue_account_compromised")
    label = dict(shown[1:])["account"]
    assert label.startswith("a:")
    assert len(label) == 14
    collector.close()
    assert shown in read(collector_of(log, tmp_path, **options))


def write_list(path, ceiling, expires, age):
    path.write_text(
        f"bulk_senders:\n- {{account: {THIEF}, ceiling: {ceiling}, expires: {expires},"
        " reason: lettre}\n"
    )
    os.utime(path, (age, age))


RELOADED = ("mailqueue_bulk_senders_last_reload_success",)


def test_the_allow_list_is_read_again_and_a_wrong_one_is_said_and_not_used(
    collector_of, log, clock, tmp_path
):
    listed = tmp_path / "bulk.yml"
    write_list(listed, 1, "2000-01-01", 1)
    collector = collector_of(log, bulk_senders_file=listed)
    assert read(collector)[RELOADED] == 1
    append(log, flood(clock, networks=1, recipients=40))
    before = read(collector)[SCORE]
    write_list(listed, 90_000, date(2027, 1, 1), 2)
    read(collector)
    clock.now += timedelta(seconds=2)
    append(log, flood(clock, messages=1, networks=1, started=900))
    allowed = read(collector).get(SCORE, 0)
    assert allowed < before
    listed.write_text("bulk_senders: 7\n")
    os.utime(listed, (3, 3))
    with capture() as said:
        assert read(collector)[RELOADED] == 0
        assert read(collector)[RELOADED] == 0
    assert [line["event"] for line in said] == [
        "liste d'envois en nombre refusée, la précédente sert"
    ]
    assert read(collector).get(SCORE, 0) == pytest.approx(allowed, abs=5)
    write_list(listed, 90_000, date(2027, 1, 1), 4)
    assert read(collector)[RELOADED] == 1


def test_countries_are_counted_with_a_database(collector_of, log, clock, tmp_path):
    base = tmp_path / "country.mmdb"
    codes = ("FR", "VN", "BR")
    base.write_bytes(
        database({f"198.51.{n}.0/24": {"country": {"iso_code": codes[n % 3]}} for n in range(19)})
    )
    collector = collector_of(log, country_database=base)
    read(collector)
    append(log, flood(clock))
    assert read(collector)["mailqueue_account_countries", *LABELS] == 3


def standing(account, score, since=None):
    return Standing(account, score, {}, 1, 0, since)


FLOOR = Floor(recipients=30, addresses=3, score=20, top=20)


def test_compromised_accounts_come_first_then_scores_then_volume():
    recent = {"2m": {"much@b.test": Totals(900, 900), "some@b.test": Totals(30, 31)}}
    found = choose(
        recent,
        [standing("odd@b.test", 50), standing("stolen@b.test", 10, since=5), standing("x", 19)],
        FLOOR,
    )
    assert found.full == ["stolen@b.test", "odd@b.test", "much@b.test", "some@b.test"]
    assert (found.bare, found.hidden) == ([], [])


def test_however_many_accounts_stand_out_only_so_many_are_named():
    thieves = [standing(f"t{n:03}@b.test", 99, since=5) for n in range(150)]
    recent = {"2m": {f"n{n}@b.test": Totals(90, 90) for n in range(500)}}
    found = choose(recent, thieves, FLOOR)
    assert len(found.full) == FLOOR.top
    assert len(found.full) + len(found.bare) == COMPROMISED_LIMIT
    assert len(found.hidden) == 650 - COMPROMISED_LIMIT


def test_what_is_not_shown_is_summed_up_as_other(collector_of, log, clock):
    collector = collector_of(log, top_accounts=1)
    read(collector)
    for number in range(5):
        one = flood(clock, f"u{number}@ville-valmont.test", 2, 1, 40 + number, 100 * number)
        append(log, one)
    values = read(collector)
    assert values["mailqueue_accounts_not_shown",] == 4
    other = (("account", "other"), ("member", ""), ("window", "2m"))
    assert values["mailqueue_account_recent_messages", *other] == 8
    assert values["mailqueue_account_recent_recipients", *other] == 2 * (40 + 41 + 42 + 43)


def test_a_flood_is_told_without_any_scrape(log, clock, tmp_path, example_inventory):
    settings = LogSettings(path=log, timezone="UTC")
    context = Context(example_inventory, clock, tmp_path)
    with capture() as said:
        collector = LogCollector(settings, context, between=0.01)
        try:
            append(log, flood(clock))
            end = time.monotonic() + 20
            while not any(line["event"] == "compte sans doute détourné" for line in said):
                assert time.monotonic() < end
                time.sleep(0.01)
            values = read(collector)
        finally:
            collector.close()
    assert values["mailqueue_log_lines_total",] == 120
    assert values[COMPROMISED] == 1
