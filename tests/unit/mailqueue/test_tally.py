from __future__ import annotations

from exporters.mailqueue.log_line import Activated, Refused, Submitted, Unparsed
from exporters.mailqueue.tally import Saved, Tally, ranked

NOW = 1_000_000


def tally(**options):
    return Tally([120, 3600], {"a@b.test": "brecourt"}.get, **options)


def sent(queue_id, account=b"a@b.test", client=b"192.0.2.1"):
    return Submitted(NOW, queue_id, account, client)


def test_recipients_count_once_for_each_queue_id_however_often_it_is_retried():
    counts = tally()
    counts.add(3, [sent(b"Q1"), Activated(NOW, b"Q1", 5), Activated(NOW, b"Q1", 4)], NOW)
    assert counts.recipients == {"brecourt": 5}
    assert counts.windows[120].totals(NOW)["a@b.test"].recipients == 5


def test_mail_that_nobody_authenticated_counts_for_nobody():
    counts = tally()
    counts.add(1, [Activated(NOW, b"Q1", 5)], NOW)
    assert not counts.recipients


def test_a_short_id_used_again_is_a_new_message():
    counts = tally()
    for _ in range(2):
        counts.add(2, [sent(b"A1B2C3"), Activated(NOW, b"A1B2C3", 5)], NOW)
    assert counts.messages == {"brecourt": 2}
    assert counts.recipients == {"brecourt": 10}


def test_an_account_of_no_declared_domain_counts_for_the_empty_member():
    counts = tally()
    counts.add(1, [sent(b"Q1", b"x@ailleurs.test")], NOW)
    assert counts.messages == {"": 1}


def test_the_join_table_is_bounded_and_forgets_the_oldest():
    counts = tally(join_limit=2)
    counts.add(3, [sent(b"Q1"), sent(b"Q2"), sent(b"Q3")], NOW)
    counts.add(2, [Activated(NOW, b"Q1", 7), Activated(NOW, b"Q3", 5)], NOW)
    assert counts.recipients == {"brecourt": 5}


def test_lines_of_the_past_fill_the_windows_and_no_counter():
    counts = tally()
    past = [sent(b"Q1"), Activated(NOW, b"Q1", 5), Refused(NOW), Unparsed(b"?")]
    counts.add(4, past, NOW, past=True)
    assert (counts.lines, counts.refused, counts.unparsed) == (0, 0, 0)
    assert not counts.messages
    assert not counts.recipients
    assert counts.windows[3600].totals(NOW)["a@b.test"].recipients == 5


def test_a_saved_tally_goes_on_where_it_stopped():
    before, after = tally(), tally()
    before.add(4, [sent(b"Q1"), sent(b"\xffQ"), Refused(NOW), Unparsed(b"?")], NOW)
    after.restore(Saved.model_validate_json(before.save().model_dump_json()))
    assert after.save() == before.save()
    after.add(2, [Activated(NOW, b"Q1", 5), Activated(NOW, b"\xffQ", 2)], NOW)
    assert after.recipients == {"brecourt": 7}
    assert after.windows[120].totals(NOW)["a@b.test"].recipients == 7


def test_only_accounts_above_a_floor_are_ranked_and_only_so_many():
    totals = {f"n{i}@b.test": (40 + i, 1) for i in range(30)}
    totals |= {"quiet@b.test": (29, 2), "spread@b.test": (1, 50)}
    shown = ranked(totals, 30, 3, 20)
    assert len(shown) == 20
    assert shown[0] == "spread@b.test"
    assert "quiet@b.test" not in shown
