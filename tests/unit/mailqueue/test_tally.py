from __future__ import annotations

from datetime import UTC

import pytest

from exporters.mailqueue.detector import Detector
from exporters.mailqueue.log import counters
from exporters.mailqueue.log.delays import BOUNDS, STAGES
from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    Expired,
    LoggedIn,
    Notified,
    RecipientRejected,
    Removed,
    Submitted,
    Unparsed,
)
from exporters.mailqueue.log.pipeline import Pipeline
from exporters.mailqueue.log.reasons import REASONS
from exporters.mailqueue.log.tally import SavedTally, Tally

NOW = 1_000_000


def pipeline(events=(), *, past=False):
    made = Pipeline(
        [120, 3600],
        {"b.test": "brecourt"},
        lambda queue: Detector(UTC, lambda _: False, queue=queue),
    )
    made.feed(events, NOW, past=past)
    return made


def counted(events):
    return pipeline(events).tally.counts


def sent(queue_id, account=b"a@b.test", client=b"192.0.2.1"):
    return Submitted(NOW, queue_id, account, client)


def delivered(status, code=b"", reason="", recipient=b"x@B.test", delays=(0, 0, 0, 0)):
    return Delivered(NOW, b"Q1", recipient, status, code, reason, delays)


def test_recipients_count_once_for_each_queue_id_however_often_it_is_retried():
    made = pipeline([sent(b"Q1"), Activated(NOW, b"Q1", 5), Activated(NOW, b"Q1", 4)])
    assert made.tally.counts[counters.RECIPIENTS] == {("brecourt",): 5}
    assert made.tally.windows[120].totals(NOW)["a@b.test"].recipients == 5


def test_mail_that_nobody_authenticated_is_received_and_nobodys():
    counts = counted([Accepted(NOW, b"Q1", b"192.0.2.1"), Activated(NOW, b"Q1", 5)])
    assert not counts[counters.RECIPIENTS]
    assert counts[counters.RECEIVED] == {(): 1}


def test_a_short_id_used_again_is_a_new_message():
    twice = [sent(b"A1B2C3"), Activated(NOW, b"A1B2C3", 5)] * 2
    counts = counted(twice)
    assert counts[counters.MESSAGES] == {("brecourt",): 2}
    assert counts[counters.RECIPIENTS] == {("brecourt",): 10}


def test_an_account_of_no_declared_domain_counts_for_the_empty_member():
    counts = counted([sent(b"Q1", b"x@ailleurs.test"), sent(b"Q2", b"root")])
    assert counts[counters.MESSAGES] == {("",): 2}


def test_deliveries_count_by_outcome_and_by_whose_domain_receives():
    counts = counted([delivered(b"sent"), delivered(b"bounced", recipient=b"y@elsewhere.test")])
    assert counts[counters.ATTEMPTS] == {("sent", "brecourt"): 1, ("bounced", ""): 1}


def test_failures_count_by_class_of_reason_and_by_code_and_successes_do_not():
    counts = counted(
        [
            delivered(b"sent", b"2.0.0"),
            delivered(b"deferred", b"4.7.26", "spam"),
            delivered(b"bounced", b"5.1.1", "unknown_user"),
            delivered(b"bounced", b"5.1.10", "a reason of the next version"),
        ]
    )
    assert counts[counters.FAILED] == {
        ("deferred", "spam"): 1,
        ("bounced", "unknown_user"): 1,
        ("bounced", "other"): 1,
    }
    assert counts[counters.FAILURE_CODES] == {("4.7",): 1, ("5.1",): 2}


@pytest.mark.parametrize(
    ("status", "code", "label"),
    [
        ("bounced", b"5.999.1", "5.0"),
        ("deferred", b"9.1.1", "4.0"),
        ("deferred", b"", "4.0"),
        ("expired", b"\xff", "5.0"),
        ("bounced", b"5.7.999", "5.7"),
    ],
)
def test_a_code_that_nobody_defined_makes_no_label_of_its_own(status, code, label):
    assert counters.code_of(status, code) == label


def test_log_ins_count_every_failed_try_and_keep_no_name():
    counts = counted(
        [
            LoggedIn(NOW, b"A@B.TEST", b"192.0.2.9", success=False, service="imap", attempts=3),
            LoggedIn(NOW, b"", b"192.0.2.9", success=False),
            LoggedIn(NOW, b"<script>", b"192.0.2.9", success=False),
            LoggedIn(NOW, b"a@b.test", b"192.0.2.9", success=True, service="imap"),
        ]
    )
    assert counts[counters.LOG_INS] == {("imap", "brecourt"): 3, ("smtp", ""): 2}


def test_rejects_removals_expiries_and_notices_count():
    counts = counted(
        [
            RecipientRejected(NOW, b"", "relay_denied"),
            Removed(NOW, b"Q9"),
            Expired(NOW, b"Q9"),
            Notified(NOW, b"Q9", b"non-delivery"),
            Notified(NOW, b"Q9", b"delivery status"),
        ]
    )
    assert counts[counters.REJECTS] == {("relay_denied",): 1}
    assert counts[counters.REMOVED] == counts[counters.EXPIRED] == {(): 1}
    assert counts[counters.NOTICES] == {("non_delivery",): 1, ("other",): 1}


def test_the_four_stages_of_a_delivery_are_four_histograms():
    made = pipeline([delivered(b"sent", delays=(0.1, 2, 70, 1e6)), delivered(b"sent")])
    histograms = {
        stage: (dict(buckets), total) for stage, buckets, total in made.tally.delays.histograms()
    }
    assert tuple(histograms) == STAGES
    for stage, value in zip(STAGES, (0.1, 2, 70, 1e6), strict=True):
        buckets, total = histograms[stage]
        assert total == value
        assert buckets["+Inf"] == 2
        for bound in BOUNDS:
            assert buckets[str(float(bound))] == 1 + (value <= bound)


def test_lines_of_the_past_fill_the_windows_and_no_counter():
    past = [sent(b"Q1"), Activated(NOW, b"Q1", 5), delivered(b"sent"), Unparsed(b"?")]
    made = pipeline(past, past=True)
    assert not any(values for values in made.tally.counts.values())
    assert made.tally.windows[3600].totals(NOW)["a@b.test"].recipients == 5


def test_an_event_of_the_future_is_of_now():
    made = pipeline([sent(b"Q1")._replace(time=NOW + 90_000)])
    assert made.tally.windows[120].totals(NOW)["a@b.test"].messages == 1
    assert made.tally.windows[120].totals(NOW + 200) == {}


def test_a_saved_tally_goes_on_where_it_stopped():
    before, after = pipeline([sent(b"Q1"), delivered(b"bounced")]).tally, pipeline().tally
    after.restore(SavedTally.model_validate_json(before.save().model_dump_json()))
    assert after.save() == before.save()


def test_a_counter_of_another_version_is_left_out():
    saved = Tally([120], {}).save()
    saved.counts["of_another_version"] = [(["x"], 7)]
    tally = Tally([120], {})
    tally.restore(saved)
    assert "of_another_version" not in tally.save().counts


def test_every_value_of_every_label_is_there_from_the_start_and_no_other():
    counts = counters.no_counts()
    counts[counters.ATTEMPTS]["a status of a forged state", "brecourt"] = 3
    series = [
        sample
        for family in counters.counter_families(counts, ["brecourt", ""])
        for sample in family.samples
    ]
    of_members = 2 + len(counters.STATUSES) + len(counters.SERVICES)
    of_reasons = (len(counters.FAILURES) + 1) * len(REASONS)
    assert len(series) == 2 * of_members + of_reasons + len(counters.CODES) + 3 + 5
    assert {sample.value for sample in series} == {0}
