"""The sentinel's judge, travelling in time: what is wrong, who is paged, once, and told the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alertmanager.delivery.gsm7 import is_gsm7, segments
from alertmanager.notifiers.contract import Accepted, PermanentFailure, Report, TemporaryFailure
from alertmanager.sentinel import mailing, texts
from alertmanager.sentinel.findings import (
    CANARY_LATE,
    CANARY_LOST,
    CHAIN,
    HEARTBEAT,
    PAGER,
    STUCK,
    TROUBLES,
    Canary,
    Figures,
    Finding,
    Limits,
    View,
    find,
)
from alertmanager.sentinel.judge import Rules, answer, decide, note_beat
from alertmanager.sentinel.look import read_figures
from alertmanager.sentinel.state import Keeper, State, StateError

START = datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PARIS = ZoneInfo("Europe/Paris")
LIMITS = Limits(3 * MINUTE, 3 * MINUTE, 60 * SECOND, 2 * MINUTE, 10 * MINUTE)
RULES = Rules(["Hélène", "Karim"], 15 * MINUTE, 30 * SECOND, PARIS)
WELL = Figures(START, timedelta(0), None)


def at(minutes: float) -> datetime:
    return START + minutes * MINUTE


def view(**changes) -> View:
    values = {
        "started_at": START - timedelta(days=1),
        "last_beat": START,
        "beating_since": START - timedelta(days=1),
        "failing_since": None,
        "reason": "",
        "figures": WELL,
    }
    return View(**{**values, **changes})


def wrong(seen: View, now: datetime) -> set[str]:
    return {name for name, finding in find(seen, LIMITS, now).items() if finding is not None}


def pages(state: State, kind: str = "page") -> list[str]:
    return [m.person for m in state.messages if m.kind == kind]


def send_all(state: State, now: datetime, outcome=None) -> None:
    while (message := mailing.claim(state, now)) is not None:
        mailing.note(state, message.token, [("kannel", outcome or Accepted())], {}, now)


def test_all_is_well():
    assert find(view(), LIMITS, at(1)) == dict.fromkeys(
        [CHAIN, HEARTBEAT, PAGER, STUCK, CANARY_LOST, CANARY_LATE]
    )


def test_beats_that_stop_are_a_trouble_after_three_minutes_and_not_before():
    assert CHAIN not in wrong(view(), at(3))
    assert wrong(view(), at(3) + SECOND) == {CHAIN}


def test_a_start_while_all_is_down_leaves_the_first_beat_its_time_and_then_pages():
    seen = view(started_at=START, last_beat=None, beating_since=None, failing_since=START,
                figures=None)  # fmt: skip
    assert find(seen, LIMITS, START) == {}
    assert wrong(seen, at(2)) == {PAGER}
    assert wrong(seen, at(3) + SECOND) == {PAGER, CHAIN}


def test_an_old_beat_is_given_the_same_time_after_a_start():
    seen = view(started_at=START, last_beat=START - 60 * MINUTE)
    assert CHAIN not in find(seen, LIMITS, at(1))
    assert CHAIN in wrong(seen, at(4))


def test_a_beat_that_came_after_the_start_needs_no_grace_any_more():
    seen = view(started_at=START, last_beat=at(0.1), beating_since=at(0.1))
    grace = Limits(MINUTE, 60 * MINUTE, MINUTE, MINUTE, MINUTE)
    assert find(seen, grace, at(1.2))[CHAIN] == Finding(at(0.1))


def test_a_restart_of_the_webhook_is_no_trouble_a_minute_of_silence_is():
    seen = view(failing_since=START, figures=None, reason="ne répond pas")
    assert PAGER not in find(seen, LIMITS, START + 59 * SECOND)
    assert find(seen, LIMITS, at(1))[PAGER] == Finding(START, "ne répond pas")


def test_the_webhook_alone_without_beats():
    seen = view(last_beat=at(4), figures=Figures(START, timedelta(0), None))
    assert wrong(seen, at(4)) == {HEARTBEAT}


def test_what_comes_back_for_both_need_not_come_at_the_same_instant():
    seen = view(last_beat=at(20), beating_since=at(20))
    assert HEARTBEAT not in find(seen, LIMITS, at(21))
    assert HEARTBEAT in wrong(view(last_beat=at(24), beating_since=at(20)), at(24))


@pytest.mark.parametrize(("age", "expected"), [(119, set()), (121, {STUCK})])
def test_messages_that_wait(age, expected):
    assert wrong(view(figures=Figures(START, age * SECOND, None)), START) == expected


def test_figures_that_cannot_be_read_tell_nothing():
    assert set(find(view(figures=None), LIMITS, START)) == {CHAIN, PAGER}


def canary(**delivered: tuple[datetime, timedelta]) -> Figures:
    due = Canary(START, 60 * SECOND, delivered, frozenset({"kannel"}))
    return Figures(START, timedelta(0), due)


def test_a_canary_that_never_comes_or_comes_late():
    yesterday = (START - timedelta(days=1), 3 * SECOND)
    beat = {"last_beat": at(11), "beating_since": at(11)}
    assert wrong(view(figures=canary(kannel=yesterday)), at(1)) == set()
    assert wrong(view(figures=canary(kannel=yesterday), **beat), at(11)) == {CANARY_LOST}
    assert wrong(view(figures=canary(kannel=(at(1), 61 * SECOND))), at(2)) == {CANARY_LATE}
    assert wrong(view(figures=canary(kannel=(at(1), 59 * SECOND))), at(2)) == set()


def test_one_page_each_then_a_reminder_each_quarter_of_an_hour_then_the_end():
    state = State()
    found = {PAGER: Finding(START, "ne répond pas")}
    for second in range(0, 14 * 60, 5):
        decide(state, found, RULES, START + second * SECOND)
    assert pages(state) == ["Hélène", "Karim"]
    send_all(state, at(14))
    decide(state, found, RULES, at(15))
    assert pages(state) == ["Hélène", "Karim"] * 2
    assert "(rappel)" in state.messages[-1].text
    send_all(state, at(15))
    decide(state, {PAGER: None}, RULES, at(16))
    assert pages(state, "resolution") == []
    decide(state, {PAGER: None}, RULES, at(16.5))
    decide(state, {PAGER: None}, RULES, at(17))
    assert pages(state, "resolution") == ["Hélène", "Karim"]
    assert not state.troubles


def test_what_cannot_be_told_neither_opens_nor_ends_a_trouble():
    state = State()
    decide(state, {STUCK: Finding(START)}, RULES, START)
    for minute in range(10):
        decide(state, {}, RULES, at(minute))
    assert set(state.troubles) == {STUCK}


def test_a_pager_that_comes_and_goes_is_one_trouble():
    state = State()
    for second in range(0, 600, 20):
        found = {PAGER: Finding(START) if second % 40 else None}
        decide(state, found, RULES, START + second * SECOND)
    assert pages(state) == ["Hélène", "Karim"]


def test_the_end_is_told_to_those_who_may_have_been_told_and_to_nobody_else():
    state = State()
    decide(state, {PAGER: Finding(START)}, RULES, START)
    first = mailing.claim(state, START)
    mailing.note(state, first.token, [("kannel", Accepted())], {}, START)
    decide(state, {PAGER: None}, RULES, at(1))
    decide(state, {PAGER: None}, RULES, at(2))
    assert pages(state, "resolution") == ["Hélène"]
    assert [m.state for m in state.messages if m.person == "Karim"] == ["cancelled"]


def test_an_ok_ends_the_reminders_and_tells_the_others():
    state = State()
    decide(state, {PAGER: Finding(START)}, RULES, START)
    send_all(state, START)
    assert answer(state, "Karim", RULES.people, PARIS, at(1))
    assert not answer(state, "Karim", RULES.people, PARIS, at(1))
    decide(state, {PAGER: Finding(START)}, RULES, at(60))
    assert pages(state) == ["Hélène", "Karim"]
    assert pages(state, "confirmation") == ["Karim"]
    assert pages(state, "taken") == ["Hélène"]


def test_a_canary_is_not_repeated_until_the_next_one():
    state = State()
    for minute in range(0, 600, 5):
        decide(state, {CANARY_LATE: Finding(START)}, RULES, at(minute))
    assert pages(state) == ["Hélène", "Karim"]


def test_after_a_crash_what_was_being_sent_is_sent_once_more():
    state = State()
    decide(state, {PAGER: Finding(START)}, RULES, START)
    token = mailing.claim(state, START).token
    saved = State.model_validate_json(state.model_dump_json())
    assert mailing.resume(saved, at(1)) == 1
    again = mailing.find(saved, token)
    assert (again.state, again.maybe_sent) == ("pending", True)
    assert [m.maybe_sent for m in saved.messages] == [True, False]


def test_a_gateway_that_refuses_or_is_silent_gives_way_to_the_next():
    ways = {"kannel": "+33639981007", "email": "h@syndicat.test"}
    state = State()
    decide(state, {PAGER: Finding(START)}, Rules(["Hélène"], MINUTE * 15, SECOND, PARIS), START)
    message = mailing.claim(state, START)
    deadlines = {"kannel": 90 * SECOND}
    mailing.note(state, message.token, [("kannel", Accepted())], deadlines, START)
    mailing.give_up_proofs(state, {"Hélène": ways}, at(1))
    assert mailing.claim(state, at(1)) is None
    mailing.give_up_proofs(state, {"Hélène": ways}, at(2))
    again = mailing.claim(state, at(2))
    assert mailing.candidates(again, ways, ()) == [("email", "h@syndicat.test")]


def test_a_report_of_failure_tries_the_next_and_a_late_proof_counts():
    ways = {"kannel": "+33639981007", "email": "h@syndicat.test"}
    state = State()
    decide(state, {PAGER: Finding(START)}, Rules(["Hélène"], MINUTE * 15, SECOND, PARIS), START)
    token = mailing.claim(state, START).token
    mailing.note(state, token, [("kannel", Accepted())], {"kannel": MINUTE}, START)
    mailing.report(state, Report(token, "failed"), "kannel", ways, START)
    assert mailing.find(state, token).state == "pending"
    mailing.report(state, Report(token, "delivered"), "kannel", ways, START)
    assert mailing.find(state, token).state == "delivered"
    assert mailing.claim(state, at(1)) is None


def test_nobody_takes_it_then_it_is_tried_again_unless_the_trouble_is_over():
    state = State()
    decide(state, {PAGER: Finding(START)}, Rules(["Hélène"], MINUTE * 15, SECOND, PARIS), START)
    token = mailing.claim(state, START).token
    failures = [("kannel", TemporaryFailure("muette"))]
    mailing.note(state, token, failures, {}, START)
    assert mailing.claim(state, START) is None
    assert mailing.claim(state, at(1)).token == token
    decide(state, {PAGER: None}, RULES, at(1))
    decide(state, {PAGER: None}, RULES, at(2))
    mailing.note(state, token, failures, {}, at(2))
    assert mailing.find(state, token).state == "cancelled"


def test_all_refuse_it_for_good():
    state = State()
    decide(state, {PAGER: Finding(START)}, Rules(["Hélène"], MINUTE * 15, SECOND, PARIS), START)
    token = mailing.claim(state, START).token
    mailing.note(state, token, [("kannel", PermanentFailure("non"))], {}, START)
    assert mailing.find(state, token).state == "failed"


def test_a_clock_set_back_does_not_hide_a_silence():
    state = State()
    note_beat(state, 3 * MINUTE, at(60))
    decide(state, {}, RULES, START)
    assert state.last_beat == START


def test_figures_are_read_from_an_exposition():
    text = """\
# TYPE vigie_webhook_heartbeat_timestamp_seconds gauge
vigie_webhook_heartbeat_timestamp_seconds{integration="watchdog"} 1.7775e+09
vigie_webhook_heartbeat_timestamp_seconds{integration="autre"} 1.8e+09
# TYPE vigie_webhook_oldest_pending_message_age_seconds gauge
vigie_webhook_oldest_pending_message_age_seconds 42
# TYPE vigie_webhook_canary_due_timestamp_seconds gauge
vigie_webhook_canary_due_timestamp_seconds 1.7775e+09
# TYPE vigie_webhook_canary_slow_after_seconds gauge
vigie_webhook_canary_slow_after_seconds 60
# TYPE vigie_webhook_canary_delivered_timestamp_seconds gauge
vigie_webhook_canary_delivered_timestamp_seconds{provider="kannel"} 0
"""
    figures = read_figures(text, "watchdog")
    assert figures.heartbeat == datetime.fromtimestamp(1.7775e9, UTC)
    assert figures.pending_age == 42 * SECOND
    assert figures.canary.delivered == {}
    assert figures.canary.expected == {"kannel"}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_texts_fit_two_sms_of_the_alphabet(trouble):
    detail = "une raison bien trop longue pour tenir en entier « là-dedans » " * 3
    page = texts.page_text(trouble, detail, START, at(2000), PARIS, again=True)
    over = texts.over_text(trouble, START, at(2000), PARIS)
    for text in (page, over, texts.taken_text("Ségolène" * 9, at(1), PARIS)):
        assert is_gsm7(text)
        assert segments(text) <= 2
    assert page.startswith("VIGIE SENTINELLE (rappel) CRITIQUE depuis 01/05 03:00 : ")
    assert page.endswith(" Répondez OK")


def test_the_state_survives_and_one_process_has_it(tmp_path):
    path = tmp_path / "state.json"
    keeper = Keeper(path)
    with keeper.change() as state:
        decide(state, {PAGER: Finding(START)}, RULES, START)
    with pytest.raises(StateError, match="un autre vigie-sentinel"):
        Keeper(path)
    keeper.close()
    again = Keeper(path)
    with again.change() as state:
        assert set(state.troubles) == {PAGER}
        assert pages(state) == ["Hélène", "Karim"]
    again.close()


def test_an_unreadable_state_is_put_aside_and_a_disk_that_fails_is_said(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    path = folder / "state.json"
    path.write_text("{")
    keeper = Keeper(path)
    assert (folder / "state.unreadable").exists()
    (folder / "state.new").mkdir()  # nothing can be written under that name
    with keeper.change() as state:
        note_beat(state, MINUTE, START)
    assert not keeper.saved
    (folder / "state.new").rmdir()
    with keeper.change() as state:
        assert state.last_beat == START
    assert keeper.saved
    keeper.close()
