from __future__ import annotations

from datetime import timedelta

from exporters.toolkit.collector import Deadline

STAMP = "Nov 24 13:59:{:02} mx1 "


def lines(number, account="agnes@ville-valmont.test", client="192.0.2.1", recipients=40):
    stamp = STAMP.format(number % 60)
    return (
        f"{stamp}postfix/submission/smtpd[1]: A{number:08X}: client=x[{client}],"
        f" sasl_method=PLAIN, sasl_username={account}\n"
        f"{stamp}postfix/qmgr[2]: A{number:08X}: from=<{account}>, size=9, nrcpt={recipients}"
        " (queue active)\n"
    )


def write(log, text):
    with log.open("a", encoding="utf-8") as file:
        file.write(text)


def read(collector, deadline=None):
    families = collector.collect(deadline or Deadline.after(5))
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def settle(collector):
    """Until what is being saved is saved."""
    collector.settle()


RECIPIENTS = ("mailqueue_submitted_recipients_total", "valmont")


def test_a_killed_process_goes_on_from_what_it_saved_and_counts_each_line_once(
    collector_of, tmp_path, monkeypatch
):
    log = tmp_path / "mail.log"
    log.touch()
    monkeypatch.setattr("exporters.mailqueue.log.reading.SAVE_SECONDS", 0)
    first = collector_of(log, tmp_path)
    write(log, lines(1))
    assert read(first)[RECIPIENTS] == 40
    settle(first)
    monkeypatch.setattr("exporters.mailqueue.log.reading.SAVE_SECONDS", 3600)
    write(log, lines(2))
    assert read(first)[RECIPIENTS] == 80  # read, not saved: the process dies here
    second = collector_of(log, tmp_path)
    write(log, lines(3))
    values = read(second)
    assert values[RECIPIENTS] == 120
    account = ("mailqueue_account_recent_recipients", "2m", "agnes@ville-valmont.test", "valmont")
    assert values[account] == 120


def test_without_a_state_folder_the_last_hour_is_read_again_but_not_counted_again(
    collector_of, tmp_path
):
    log = tmp_path / "mail.log"
    write(log, lines(1))
    values = read(collector_of(log))
    assert values[RECIPIENTS] == 0
    account = ("mailqueue_account_recent_recipients", "1h", "agnes@ville-valmont.test", "valmont")
    assert values[account] == 40


def test_a_state_saved_by_a_clock_in_the_future_does_not_flood_for_years(
    collector_of, tmp_path, clock
):
    log = tmp_path / "mail.log"
    log.touch()
    true, clock.now = clock.now, clock.now.replace(year=2030)
    collector = collector_of(log, tmp_path)
    write(log, lines(1, recipients=700).replace("Nov 24 13:59:01", "2030-11-24T13:59:30Z"))
    account = ("mailqueue_account_recent_recipients", "1h", "agnes@ville-valmont.test", "valmont")
    assert read(collector)[account] == 700
    collector.close()
    clock.now = true
    collector = collector_of(log, tmp_path)
    assert read(collector)[account] == 700  # it happened now, as far as one can tell
    clock.now = true + timedelta(hours=1, minutes=2)
    values = read(collector)
    assert values.get(account, 0) == 0
    assert ("mailqueue_account_compromised", "agnes@ville-valmont.test", "valmont") not in values


def test_lines_that_end_as_on_windows_count(collector_of, tmp_path):
    log = tmp_path / "mail.log"
    log.touch()
    collector = collector_of(log)
    write(log, lines(1).replace("\n", "\r\n"))
    values = read(collector)
    assert values[RECIPIENTS] == 40
    assert values[("mailqueue_log_unparsed_lines_total",)] == 0


def test_when_time_is_short_the_rest_waits_and_the_lag_says_so(collector_of, tmp_path, clock):
    log = tmp_path / "mail.log"
    log.touch()
    collector = collector_of(log)
    write(log, "".join(lines(number) for number in range(8000)))
    values = read(collector, Deadline(at=0.1, now=lambda: 0.0))
    assert 0 < values[RECIPIENTS] < 320_000 / 8  # a deadline passes by a small part only
    assert 0 < values[("mailqueue_log_lag_seconds",)] < 3600
    values = read(collector)
    assert values[RECIPIENTS] == 320_000
    assert values[("mailqueue_log_lag_seconds",)] == 0


def test_an_attack_on_every_account_at_once_shows_a_bounded_number_of_series(
    collector_of, tmp_path
):
    log = tmp_path / "mail.log"
    log.touch()
    collector = collector_of(log)
    attack = (lines(n, account=f"nom{n}@d{n % 400}.test") for n in range(20_000))
    write(log, "".join(attack))
    assert len(read(collector)) < 600


def test_a_flood_whose_recipients_a_jam_hides_is_shown_by_its_messages(collector_of, tmp_path):
    log = tmp_path / "mail.log"
    log.touch()
    collector = collector_of(log)
    write(log, "".join(lines(n).splitlines(keepends=True)[0] for n in range(50)))
    account = ("2m", "agnes@ville-valmont.test", "valmont")
    values = read(collector)
    assert values[("mailqueue_account_recent_messages", *account)] == 50
    assert values[("mailqueue_account_recent_recipients", *account)] == 0
