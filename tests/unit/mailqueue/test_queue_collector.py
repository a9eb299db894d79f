"""What a scrape gets: the last state, an honest refusal, a bounded page."""

from __future__ import annotations

import time

import pytest

from exporters.mailqueue.accounts import keyed_label
from exporters.mailqueue.queue.account_metrics import account_families
from exporters.mailqueue.queue.snapshot import QUEUES, Held, QueueState, Share, Snapshot
from exporters.mailqueue.queue_collector import QueueCollector, QueueSettings
from exporters.toolkit.collector import CollectorError, Context, Deadline


@pytest.fixture
def collector(tmp_path, example_inventory, clock):
    for queue in QUEUES:
        (tmp_path / queue).mkdir()
    (tmp_path / "main.cf").write_text("qmgr_message_active_limit = 4\n")
    settings = QueueSettings(
        queue_directory=tmp_path,
        config_directory=tmp_path,
        scan_interval="1s",
        stale_after="10s",
    )
    built = QueueCollector(settings, Context(example_inventory, clock))
    yield built
    built.close()


def samples(families):
    return {(s.name, *s.labels.values()): s.value for f in families for s in f.samples}


def test_a_scrape_is_the_last_state_with_its_age_and_reads_no_disk(collector, tmp_path):
    first = samples(collector.collect(Deadline.after(5)))
    assert first["mailqueue_up", "postfix"] == 1
    assert first["mailqueue_reader_info", "walk"] == 1
    assert 0 <= first["mailqueue_scan_age_seconds",] < 5
    collector._scanner.stop()
    (tmp_path / "main.cf").unlink()
    (tmp_path / "hold").rmdir()
    time.sleep(0.01)
    again = samples(collector.collect(Deadline.after(5)))
    assert again["mailqueue_messages", "hold"] == 0
    assert again["mailqueue_scan_age_seconds",] > first["mailqueue_scan_age_seconds",]


def test_a_state_too_old_is_an_error_with_up_0_and_no_gauge(collector):
    [*collector.collect(Deadline.after(5))]
    collector._scanner.stop()
    collector._stale_after = 0.0
    with pytest.raises(CollectorError, match="trop ancienne") as caught:
        [*collector.collect(Deadline.after(5))]
    told = samples(caught.value.families)
    assert told.keys() == {("mailqueue_up", "postfix"), ("mailqueue_scan_age_seconds",)}
    assert told["mailqueue_up", "postfix"] == 0


def test_a_failed_scan_is_an_error_with_up_0_until_the_next_good_one(collector, tmp_path):
    [*collector.collect(Deadline.after(5))]
    (tmp_path / "deferred").rename(tmp_path / "away")
    assert "deferred illisible" in told_after(collector, lambda failure: failure is not None)
    (tmp_path / "away").rename(tmp_path / "deferred")
    told_after(collector, lambda failure: failure is None)


def told_after(collector, wanted):
    """Scrape until its failure is as wanted; what it said."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        failure = None
        try:
            [*collector.collect(Deadline.after(5))]
        except CollectorError as error:
            failure = error
        if wanted(failure):
            told = samples(failure.families) if failure else {("mailqueue_up", "postfix"): 0}
            assert told["mailqueue_up", "postfix"] == 0
            return str(failure)
        time.sleep(0.05)
    pytest.fail("it did not come")


def test_before_the_first_scan_ends_a_scrape_waits_within_its_deadline(collector):
    collector._scanner.stop()
    collector._scanner._answered.clear()
    collector._scanner._state = (None, "")
    began = time.monotonic()
    with pytest.raises(CollectorError, match="première lecture de la file en cours"):
        [*collector.collect(Deadline.after(1.5))]
    assert 0.2 < time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("key", "value"),
    [("scan_interval", "0s"), ("scan_interval", "10m"), ("stale_after", "1s")],
)
def test_settings_out_of_bounds_are_refused(key, value):
    with pytest.raises(ValueError, match="hors limites ; attendu"):
        QueueSettings.model_validate({key: value})


def snapshot(shares, held=(), attributed=1000):
    states = dict.fromkeys(QUEUES, QueueState(0, 0, ()))
    states["deferred"] = QueueState(1000, 0, ())
    return Snapshot("walk", states, attributed, dict(shares), dict(held))


def account_samples(found, floor=10, top=3):
    def labels(account):
        return account, "valmont" if "@v" in account else ""

    return samples(account_families(found, labels, floor, top))


def test_accounts_above_the_floor_are_shown_and_the_rest_is_other():
    shares = {f"u{n}@v.test": Share(n, n * 2, 1) for n in range(1, 20)}
    shares["unauthenticated"] = Share(810, 900, 0)
    found = account_samples(snapshot(shares))
    name = "mailqueue_account_queued_messages"
    shown = {key[1:]: value for key, value in found.items() if key[0] == name}
    assert shown == {
        ("u19@v.test", "valmont"): 19,
        ("u18@v.test", "valmont"): 18,
        ("u17@v.test", "valmont"): 17,
        ("unauthenticated", ""): 810,
        ("other", ""): sum(range(1, 17)),
    }
    assert sum(shown.values()) == 1000
    assert found["mailqueue_account_queued_ratio", "u19@v.test", "valmont"] == 0.019
    assert found["mailqueue_account_queued_recipients", "other", ""] == 2 * sum(range(1, 17))
    assert ("mailqueue_account_queued_client_addresses", "other", "") not in found


def test_an_attack_by_thousands_of_accounts_gives_a_bounded_number_of_series():
    shares = {f"u{n}@v.test": Share(50, 50, 9) for n in range(6000)}
    held = {f"u{n}@v.test": Held(50, 1.0) for n in range(6000)}
    assert len(account_samples(snapshot(shares, held), top=20)) < 150


def test_keyed_labels_name_no_account_and_leave_the_words_that_are_none():
    shares = {f"u{n}@v.test": Share(50 + n, 50, 9) for n in range(6)}
    shares["unauthenticated"] = Share(9, 9, 0)
    keyed = keyed_label(b"a key")
    families = account_families(snapshot(shares), lambda one: (keyed(one), "v"), 10, 3)
    named = {key[1] for key in samples(families) if len(key) > 1}
    assert {name for name in named if not name.startswith("a:")} == {"other", "unauthenticated"}
    assert len(named) == 5


def test_who_is_held_and_since_when():
    held = {f"u{n}@v.test": Held(n, 1000.0 - n) for n in range(1, 6)}
    found = account_samples(snapshot({}, held))
    since = "mailqueue_account_held_since_timestamp_seconds"
    assert found[since, "u5@v.test", "valmont"] == 995
    assert found[since, "other", ""] == 998
    assert found["mailqueue_account_held_messages", "other", ""] == 3


def test_a_reader_that_tells_no_accounts_gives_none():
    assert account_samples(snapshot({}, attributed=None)) == {}
