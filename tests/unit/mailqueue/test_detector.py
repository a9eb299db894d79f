"""The detector on days of a small syndicate, and each of its signals by hand."""

from __future__ import annotations

from datetime import UTC, date

import pytest
from mail_syndicate.attacks import backscatter, inbound
from mail_syndicate.days import FRENCH, PARIS, at
from mail_syndicate.mails import Login, Mail, SlowRelay, events
from mail_syndicate.trial import Trial

from exporters.mailqueue.detector import Analysis, BulkSender, BulkSenders, Detector
from exporters.mailqueue.detector.baseline import Baseline
from exporters.mailqueue.detector.hours import HourClass, Hours
from exporters.mailqueue.detector.networks import spread
from exporters.mailqueue.log.events import Activated, LoggedIn, RecipientRejected, Submitted

MONDAY, WEDNESDAY = date(2026, 4, 27), date(2026, 4, 29)
ACCOUNT = "agent@ville-a.test"


@pytest.fixture(scope="module")
def trial():
    """Monday and the payroll Tuesday, read; the false pages are in `false`."""
    made = Trial(users=500)
    made.false = made.read(MONDAY, 2)
    return made


@pytest.fixture(scope="module")
def outcomes(trial):
    found, others = trial.attacked(WEDNESDAY, trial.thefts(WEDNESDAY))
    assert others == []
    return found


def test_nobody_is_paged_for_on_a_monday_and_a_payroll_day(trial):
    assert trial.false == []


def test_every_theft_is_found(outcomes):
    assert [outcome.theft.name for outcome in outcomes if outcome.delay is None] == []


def test_a_burst_is_found_within_5_seconds_and_before_500_recipients(outcomes):
    bursts = [outcome for outcome in outcomes if not outcome.theft.variant.drip]
    assert len(bursts) > 10
    late = [
        (o.theft.name, o.delay, o.recipients) for o in bursts if o.delay > 5 or o.recipients >= 500
    ]
    assert late == []


def test_a_slow_drip_is_found_within_2_hours(outcomes):
    drips = [outcome for outcome in outcomes if outcome.theft.variant.drip]
    assert len(drips) > 10
    assert [(o.theft.name, o.delay) for o in drips if o.delay > 7200] == []


def test_a_slow_relay_is_a_jam_and_nobodys_theft(trial):
    start = at(WEDNESDAY, 10)
    _, others = trial.attacked(WEDNESDAY, [], SlowRelay(start, start + 1800))
    assert {page.kind for page in others} == {"jam"}
    assert start < others[0].time < start + 1800
    assert others[0].account == ""


def _detector(*bulk):
    return Analysis(Detector(PARIS, FRENCH.__contains__, BulkSenders(bulk)))


def _feed(detector, *todo):
    return [page for event in events(1, todo) for page in detector.feed(event)]


def _reasons(detector):
    return detector.detector.view(ACCOUNT, 0).reasons


def _usual(days=3):
    return [
        Mail(at(date(2026, 4, 20 + day), 9 + hour), ACCOUNT, "10.1.1.9", ["ville-a.test"] * 2)
        for day in range(days)
        for hour in range(6)
    ]


def _mailing(client, count=8, size=50, unknown=0.0, day=WEDNESDAY, hour=10.0, every=5):
    return [
        Mail(at(day, hour) + int(every * n), ACCOUNT, client, ["orange.fr"] * size, unknown, 0.0)
        for n in range(count)
    ]


def test_a_first_mailing_from_ones_own_desk_is_no_theft():
    detector = _detector()
    assert _feed(detector, *_usual(), *_mailing("10.1.1.9")) == []
    assert _reasons(detector).keys() == {"volume"}


def test_the_same_mailing_from_elsewhere_is_watched():
    detector = _detector()
    assert _feed(detector, *_usual(), *_mailing("185.1.2.3")) == []
    assert _reasons(detector).keys() == {"volume", "new_network"}
    assert detector.detector.view(ACCOUNT, 0).abnormal_since is not None


def test_a_machine_elsewhere_is_a_theft():
    (page,) = _feed(_detector(), *_usual(), *_mailing("185.1.2.3", 30, 8, every=0.125))
    assert page.account == ACCOUNT
    assert page.reasons.keys() == {"volume", "new_network", "pace"}


def test_a_machine_at_the_victims_desk_is_one_too():
    (page,) = _feed(_detector(), *_usual(), *_mailing("10.1.1.9", 60, 8, every=0.125))
    assert page.reasons.keys() == {"volume", "pace"}
    assert page.time - at(WEDNESDAY, 10) <= 5


def test_the_same_mailing_to_unknown_users_is_one():
    (page,) = _feed(_detector(), *_usual(), *_mailing("10.1.1.9", unknown=0.6))
    assert page.reasons.keys() == {"volume", "unknown_users"}


def test_a_few_mails_from_an_hotel_after_wrong_passwords_are_no_theft():
    hotel = "185.1.2.3"
    night = at(WEDNESDAY, 2)
    wrong = [Login(night - 9 + n, ACCOUNT, hotel, success=False) for n in range(5)]
    mails = [Mail(night + 300 * n, ACCOUNT, hotel, ["a.test"] * 5) for n in range(8)]
    assert _feed(_detector(), *_usual(), *wrong, Login(night, ACCOUNT, hotel), *mails) == []


def test_a_guessed_password_counts_only_from_where_it_was_guessed():
    def reasons(guesser):
        detector = _detector()
        guesses = [Login(at(WEDNESDAY, 9) + n, ACCOUNT, guesser, success=False) for n in range(5)]
        login = Login(at(WEDNESDAY, 9.5), ACCOUNT, "185.1.2.3")
        _feed(detector, *_usual(), *guesses, login, *_mailing("185.1.2.3", count=1))
        return _reasons(detector)

    assert "login" in reasons("185.1.2.3")
    assert "login" not in reasons("190.9.9.9")


def test_an_allowed_sender_is_free_to_its_ceiling_and_to_its_day():
    def scored(ceiling, expires):
        entry = BulkSender(account=ACCOUNT, ceiling=ceiling, expires=expires, reason="lettre")
        detector = _detector(entry)
        _feed(detector, *_usual(), *_mailing("10.1.1.9"))
        return _reasons(detector)

    assert scored(400, WEDNESDAY) == {}
    assert "volume" in scored(399, WEDNESDAY)
    assert "volume" in scored(400, date(2026, 4, 28))


def test_the_queues_share_is_asked_for_and_given_as_a_reason():
    detector = Analysis(Detector(UTC, FRENCH.__contains__, queue=lambda account: (0.9, 500)))
    _feed(detector, *_usual(), *_mailing("10.1.1.9"))
    assert _reasons(detector)["queue_share"] == 30


def test_a_retry_counts_no_recipient_twice():
    def volume(retries):
        detector = _detector()
        _feed(detector, *_usual())
        start = at(WEDNESDAY, 10)
        detector.feed(Submitted(start, b"X1", ACCOUNT.encode(), b"10.1.1.9"))
        for n in range(retries):
            detector.feed(Activated(start + n, b"X1", 100))
        return _reasons(detector)["volume"]

    assert volume(50) == volume(1)


def test_a_theft_is_paged_for_once_and_is_never_learnt():
    detector = _detector()
    pages = _feed(detector, *_usual(), *_mailing("185.1.2.3", count=60))
    assert len(pages) == 1
    # Two days later, after a calm: the same networks are as strange as they were.
    again = _mailing("185.1.2.3", count=60, day=date(2026, 5, 5))
    calm = [Mail(at(date(2026, 5, 4), h), ACCOUNT, "10.1.1.9", ["ville-a.test"]) for h in (9, 17)]
    assert len(_feed(detector, *calm, *again)) == 1


def _rejects(process, client, *, account=b""):
    start = at(WEDNESDAY, 10)
    return [
        RecipientRejected(
            start + 20 + n, b"", "unknown_user", b"5.1.1", b"z@b.test", client, process, account
        )
        for n in range(40)
    ]


@pytest.mark.parametrize(
    ("rejects", "counted"),
    [
        (_rejects(b"2000", b"10.1.1.9"), 40),
        (_rejects(b"2001", b"10.1.1.9"), 0),
        (_rejects(b"2000", b"10.1.1.8"), 0),
        (_rejects(b"", b"", account=ACCOUNT.encode()), 40),
        (_rejects(b"", b"", account=b"nobody@ville-a.test"), 0),
    ],
)
def test_a_recipient_refused_before_there_is_a_queue_id_is_the_sessions_account(rejects, counted):
    detector = _detector()
    _feed(detector, *_usual())
    start = at(WEDNESDAY, 10)
    detector.feed(Submitted(start, b"X1", ACCOUNT.encode(), b"10.1.1.9", b"2000"))
    for event in rejects:
        detector.feed(event)
    assert detector.detector.view(ACCOUNT, start + 60).unknown == counted


def test_a_session_is_forgotten_after_ten_minutes():
    detector = _detector()
    start = at(WEDNESDAY, 10)
    detector.feed(Submitted(start - 700, b"X1", ACCOUNT.encode(), b"10.1.1.9", b"2000"))
    for event in _rejects(b"2000", b"10.1.1.9"):
        detector.feed(event)
    assert detector.detector.view(ACCOUNT, start + 60).unknown == 0


def test_compromised_lasts_until_the_account_is_quiet_and_begins_again_with_its_mail():
    detector = _detector()
    burst = _mailing("185.1.2.3", 40, 8, every=0.125)
    (page,) = _feed(detector, *_usual(), *burst)
    watched, last = detector.detector, burst[-1].time

    def since(now):
        watched.tick(now)
        (row,) = watched.standing(now)
        assert row.score >= 65
        return row.compromised_since

    assert since(last + 119) == page.time
    assert since(last + 121) is None
    (owner,) = _mailing("10.1.1.9", 1, 1, hour=10.2)
    assert _feed(detector, owner) == []
    assert since(owner.time + 1) is None
    again = _mailing("185.1.2.3", 20, 8, hour=10.3, every=0.125)
    assert _feed(detector, *again) == []
    assert since(again[-1].time) >= again[0].time


def test_a_view_says_what_from_where_to_whom_since_when():
    countries = {b"185.1.2.0": "XX", b"10.1.1.0": "FR"}
    detector = Analysis(Detector(PARIS, FRENCH.__contains__, country=lambda ip: countries[ip]))
    burst = _mailing("185.1.2.3", 40, 8, every=0.125, unknown=0.5)
    _feed(detector, *_usual(), *burst)
    view = detector.detector.view(ACCOUNT, burst[-1].time)
    hour = view.windows[2]
    assert (hour.seconds, hour.messages, hour.recipients) == (3600, 40, 320)
    assert hour.usual_recipients < 320
    assert [(n.network, n.country, n.messages, n.known) for n in view.networks] == [
        ("185.1.2.0/24", "XX", 40, False),
        ("10.1.1.0/24", "FR", 0, True),
    ]
    assert view.domains["orange.fr"] >= 280
    assert 0 < view.unknown < view.settled
    assert burst[0].time <= view.abnormal_since <= view.compromised_since <= view.last_submission
    assert detector.detector.view("nobody@ville-a.test", burst[-1].time) is None


def test_countries_alone_wake_nobody():
    places = {f"185.{n}.2.3": f"C{n}" for n in range(5)}
    detector = Analysis(
        Detector(
            PARIS, FRENCH.__contains__, country=lambda ip: places.get(ip[:-1].decode() + "3", "")
        )
    )
    mails = [
        Mail(at(WEDNESDAY, 10) + 60 * n, ACCOUNT, client, ["a.test"] * 9)
        for n, client in enumerate(places)
    ]
    assert _feed(detector, *_usual(), *mails) == []
    assert _reasons(detector)["countries"] == 50
    assert detector.detector.standing(mails[-1].time)[0].countries == 5


def test_mail_that_only_comes_in_can_jam_too():
    start = at(WEDNESDAY, 10)
    calm = list(inbound(1, start, 600))
    slow = [*calm, *inbound(2, start + 600, 1800)]

    def kinds(log):
        detector = _detector()
        return [page.kind for event in log for page in detector.feed(event)], detector.detector

    assert kinds(events(1, calm))[0] == []
    found, detector = kinds(events(1, slow, SlowRelay(start + 600, start + 2400)))
    assert found == ["jam"]
    assert detector.jam(start + 2400)["slow_deliveries"] > 50


def test_notices_to_forged_senders_are_neither_a_theft_nor_a_jam():
    detector = _detector()
    log = events(1, [*_usual(), *backscatter(1, at(WEDNESDAY, 10))])
    assert [page for event in log for page in detector.feed(event)] == []
    assert detector.detector.jam(log[-1].time) == {}


def test_names_of_an_attackers_choice_are_not_kept():
    detector = _detector()
    for n in range(5000):
        detector.feed(LoggedIn(n, f"user{n}@a.test".encode(), b"192.0.2.1", False))
        detector.feed(Submitted(n, b"Q%d" % n, b"<script>%d" % n, b"192.0.2.1"))
    assert list(detector.detector.changes()) == []


def test_a_peak_of_ones_own_is_usual_half_a_day_later_and_fades():
    baseline, day = Baseline(), 86_400
    baseline.reach(day, [400] * 4 + [8] * 4 + [1, 1])
    baseline.turn_hour(day + 11 * 3600)
    assert baseline.usual(0, 2, HourClass.OFFICE) == 15
    baseline.turn_hour(day + 12 * 3600)
    assert baseline.usual(0, 2, HourClass.OFFICE) == pytest.approx(280)
    baseline.reach(30 * day, [2] * 4 + [1] * 4 + [1, 1])
    baseline.turn_hour(31 * day)
    assert 130 < baseline.usual(0, 2, HourClass.EVENING) < 150


def test_what_a_thief_reached_is_never_usual():
    baseline = Baseline()
    baseline.reach(0, [400] * 4 + [8] * 4 + [1, 1])
    baseline.forget_pending()
    baseline.turn_hour(86_400)
    assert baseline.usual(0, 2, HourClass.OFFICE) == 15


def test_a_telephone_behind_gateways_is_not_everywhere():
    assert spread(f"37.160.{n}.0/24" for n in range(20)) == 5.75
    assert spread(f"{n}.160.7.0/24" for n in range(20)) == 20
    assert spread(["2001:db8:1::/48", "2001:db8:2::/48"]) == 1.25
    assert spread([]) == 0


@pytest.mark.parametrize(
    ("day", "hour", "kind"),
    [
        (date(2026, 4, 30), 10, HourClass.OFFICE),
        (date(2026, 4, 30), 20, HourClass.EVENING),
        (date(2026, 4, 30), 3, HourClass.CLOSED),
        (date(2026, 5, 1), 10, HourClass.CLOSED),
        (date(2026, 5, 2), 10, HourClass.CLOSED),
    ],
)
def test_an_hour_has_its_kind(day, hour, kind):
    assert Hours(PARIS, FRENCH.__contains__).at(at(day, hour)) is kind
