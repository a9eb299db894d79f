"""A jam is most senders' and most domains', on one way out of the queue; nothing less is paged."""

from __future__ import annotations

import itertools
import json
from datetime import date
from math import nan

import pytest
from mail_syndicate.days import FRENCH, PARIS, at

from exporters.mailqueue.detector import Analysis, Detector
from exporters.mailqueue.log.events import Accepted, Activated, Delivered, Submitted

START = at(date(2026, 4, 29), 10)
CALM = 600
"""Seconds of each log before anything is wrong."""
LENGTH = 1800
TOWN = [f"agent{number}@ville-valmont.test" for number in range(60)]
SITES = [f"site{number}.test" for number in range(40)]
_ids = itertools.count(1)


def _out(time, domain, *, sender=None, wait=0.1, why="", transmission=0.2):
    """A mail of an account to elsewhere, logged when it was delivered or put off."""
    number = next(_ids)
    name = b"%011X" % number
    account = sender or TOWN[number * 7 % len(TOWN)]
    end = time + int(wait)
    status, code = (b"deferred", b"4.4.1") if why else (b"sent", b"2.0.0")
    delays = (0.1, wait, nan if transmission is None else 0.1, transmission or nan)
    agent = b"smtp" if transmission else b"remote_smtp"
    yield Submitted(time, name, account.encode(), b"10.1.1.9")
    yield Activated(time, name, 1)
    yield Delivered(end, name, f"x{number}@{domain}".encode(), status, code, why, delays, agent)


def _in(time, *, agent=b"lmtp", domain="ville-valmont.test", wait=0.1):
    """A mail from elsewhere."""
    number = next(_ids)
    name = b"%011X" % number
    recipient = f"agent{number % 60}@{domain}".encode()
    delays = (0.1, wait, 0.1, 0.1)
    yield Accepted(time, name, b"192.0.2.7")
    yield Activated(time, name, 1)
    yield Delivered(time + int(wait), name, recipient, b"sent", b"2.0.0", "", delays, agent)


def _site(number):
    return SITES[number * 11 % len(SITES)]


def _usual(seconds=LENGTH, *, out=8, here=1):
    """A mail to elsewhere every `out` seconds and one to a mailbox every `here`."""
    for second in range(seconds):
        if second % out == 0:
            yield from _out(START + second, _site(second // out))
        if second % here == 0:
            yield from _in(START + second)


def _growing(pace=0.5):
    """Seconds a message of so many seconds after the start waits, once a relay is slow."""
    return lambda second: max(0.1, pace * (second - CALM))


def _pages(*mails, detector=None):
    log = sorted(itertools.chain(*mails), key=lambda event: event.time)
    analysis = Analysis(detector or Detector(PARIS, FRENCH.__contains__))
    found = [page for event in log for page in analysis.feed(event)]
    return [page for page in found if page.kind == "jam"]


def _slow_out(wait, *, out=8, domains=SITES, **options):
    for second in range(0, LENGTH, out):
        domain = domains[second // out * 11 % len(domains)]
        yield from _out(START + second, domain, wait=wait(second), **options)


@pytest.mark.parametrize("pace", [0.05, 0.2, 0.8])
@pytest.mark.parametrize("here", [1, 2])
def test_a_slow_relay_is_a_jam_though_most_mail_is_for_mailboxes_and_fast(pace, here):
    (page,) = _pages(_usual(out=LENGTH, here=here), _slow_out(_growing(pace)))
    assert 0 < page.time - START - CALM < 720
    assert page.reasons["slow_deliveries"] >= 50


def test_a_newsletter_that_waits_for_its_own_turn_is_no_jam():
    sender = "lettre@ville-valmont.test"
    letter = _slow_out(_growing(), out=3, sender=sender)
    assert _pages(_usual(here=LENGTH), letter) == []


@pytest.mark.parametrize("dead", [["dead.test"], ["orange.fr", "wanadoo.fr"]])
@pytest.mark.parametrize("why", ["", "connection"])
def test_a_destination_that_is_slow_or_dead_for_everybody_is_no_jam(dead, why):
    log = _slow_out(_growing(), out=3, domains=dead, why=why)
    assert _pages(_usual(here=LENGTH), log) == []


def test_a_destination_is_no_jam_even_where_nobody_writes_to_another():
    for why in ("", "connection"):
        assert _pages(_slow_out(_growing(), out=2, domains=["dead.test"], why=why)) == []


def test_all_other_servers_unreachable_is_a_jam_and_greylisting_is_not():
    def put_off(why):
        calm = _usual(out=LENGTH)
        return _pages(calm, _slow_out(lambda _: 0.1, out=4, why=why))

    (page,) = put_off("connection")
    assert set(page.reasons) == {"deferred"}
    assert put_off("greylisted") == []


def test_one_pause_of_the_machine_is_no_jam():
    """At a quiet time what waited then is all there is to see for a quarter of an hour."""
    pause = [
        event
        for number in range(8)
        for event in _out(START + CALM + number, _site(number), wait=100 - number)
    ]
    assert _pages(_usual(out=LENGTH), pause) == []


def test_mail_that_goes_through_to_a_server_behind_is_judged_without_its_domains():
    def through(wait):
        for second in range(0, LENGTH, 2):
            yield from _in(START + second, agent=b"smtp", wait=wait(second))

    assert len(_pages(_usual(), through(_growing()))) == 1
    assert _pages(_usual(), through(lambda _: 0.1)) == []


def test_mailboxes_may_take_half_a_minute_but_not_two():
    def here(wait):
        for second in range(0, LENGTH, 2):
            yield from _in(START + second, wait=wait(second))

    assert _pages(_usual(here=LENGTH), here(lambda second: 30 if second > CALM else 0.1)) == []
    assert len(_pages(_usual(here=LENGTH), here(lambda s: 120 if s > CALM else 0.1))) == 1


def test_what_exim_does_not_tell_apart_from_a_dead_host_is_no_wait_in_the_queue():
    log = _slow_out(lambda s: 130 if s > CALM else 0.1, why="greylisted", transmission=None)
    assert _pages(_usual(out=LENGTH), log) == []
    first = list(_slow_out(lambda _: 130, why="connection", transmission=None))
    assert all("slow_deliveries" not in page.reasons for page in _pages(first))


def test_a_quiet_site_needs_five_senders_whatever_the_hour():
    def every(seconds, senders):
        for number in range(LENGTH // seconds):
            yield from _out(
                START + number * seconds, _site(number), sender=TOWN[number % senders], wait=300
            )

    assert _pages(every(90, senders=4)) == []
    assert len(_pages(every(90, senders=6))) == 1


def test_a_restart_in_the_middle_of_a_jam_changes_nothing():
    log = sorted([*_usual(out=LENGTH), *_slow_out(_growing())], key=lambda event: event.time)
    whole = _pages(log)
    cut = next(n for n, event in enumerate(log) if event.time > whole[0].time - 90)
    first = Detector(PARIS, FRENCH.__contains__)
    analysis = Analysis(first)
    for event in log[:cut]:
        assert analysis.feed(event) == []
    second = Detector(PARIS, FRENCH.__contains__)
    second.restore(json.loads(json.dumps(first.save())), json.loads(json.dumps([*first.changes()])))
    analysis.detector = second
    found = [page for event in log[cut:] for page in analysis.feed(event)]
    assert [page for page in found if page.kind == "jam"] == whole
