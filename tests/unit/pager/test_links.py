"""Links that answer a message: who can make one, how often it serves, what it shows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from alertmanager.store.tables import Incident, Link, Message
from alertmanager.webhook.link_answers import answer
from alertmanager.webhook.link_page import LinkPages, Notice
from alertmanager.webhook.link_view import ALERTS_A_PAGE, shown, view_of
from alertmanager.webhook.links import LIFETIME, find_link, link_maker, make_link

KEY = b"k" * 44


def make(world, *, key=KEY):
    with world.store.write() as session:
        message = session.scalars(select(Message).where(Message.kind == "page")).first()
        return make_link(session, key, message, world.now)


def found(world, token, *, key=KEY):
    with world.store.read() as session:
        return find_link(session, key, token)


def use(world, token):
    with world.store.write() as session:
        return answer(session, world.desk, find_link(session, KEY, token), world.now)


def page(world, token, number=1, notice=None, *, offer=True):
    with world.store.read() as session:
        link = find_link(session, KEY, token)
        view = view_of(session, world.desk, session.get_one(Message, link.message_id), number)
        pages = LinkPages(world.desk.zone)
        return view, pages.incidents(view, world.now, notice, offer=offer)


@pytest.fixture
def paged(world):
    world.post(world.alert())
    world.send_all()
    return world


def test_only_a_digest_is_kept_and_only_our_key_makes_a_link(paged):
    token = make(paged)
    link = found(paged, token)
    assert len(token) == 32
    assert link.digest == hashlib.sha256(token.encode()).hexdigest()
    assert link.expires_at == paged.now + LIFETIME
    assert found(paged, token, key=b"x" * 44) is None
    other = make(paged, key=b"x" * 44)
    assert found(paged, other) is None
    assert found(paged, other, key=b"x" * 44) is not None


@pytest.mark.parametrize("change", [str.upper, lambda t: t[:-1], lambda t: t + "A", lambda t: ""])
def test_a_token_that_was_changed_is_unknown(paged, change):
    assert found(paged, change(make(paged))) is None


@pytest.mark.parametrize("token", ["é" * 32, "\x00" * 32, "=" * 32, "a" * 100_000, "../etc"])
def test_nonsense_is_unknown(paged, token):
    assert found(paged, token) is None


def test_a_link_of_an_attempt_that_never_left_is_forgotten_one_that_may_have_left_is_not(paged):
    first = make(paged)
    second = make(paged)
    assert found(paged, first) is None
    with paged.store.write() as session:
        session.scalars(select(Message)).first().maybe_sent = True
    third = make(paged)
    assert found(paged, second) is not None
    assert found(paged, third) is not None


def test_using_it_takes_the_incident_once_as_the_person_it_was_sent_to(paged):
    token = make(paged)
    assert use(paged, token).taken == 1
    incident = paged.incident()
    assert (incident.state, incident.acknowledged_by) == ("acknowledged", "Nadia Benali")
    assert use(paged, token).used_before
    lines = paged.journal("link.used")
    assert [line.detail["person"] for line in lines] == ["nadia.benali"]


def test_one_use_uses_up_every_link_of_the_message(paged):
    first = make(paged)
    with paged.store.write() as session:
        session.scalars(select(Message)).first().maybe_sent = True
    second = make(paged)
    use(paged, first)
    assert use(paged, second).used_before


def test_what_is_over_stays_over(paged):
    token = make(paged)
    paged.post(paged.alert(firing=False))
    done = use(paged, token)
    assert (done.used_before, done.taken) == (False, 0)
    assert paged.incident().state == "resolved"


def test_a_link_for_a_message_that_leaves_is_whole_and_a_message_unknown_has_none(paged):
    link_for = link_maker(paged.store, KEY, "https://vigie.test", lambda: paged.now)
    url = link_for(paged.messages()[0].id)
    assert url.startswith("https://vigie.test/a/")
    assert found(paged, url.rpartition("/")[2]) is not None
    assert link_for(999) is None


def test_the_page_says_what_happens_what_to_do_and_how_to_take_it(paged):
    _, html = page(paged, make(paged))
    for part in (
        "Bloquer le compte",
        "compte piraté",
        "Je prends en charge",
        "07:11",
        "Messagerie",
    ):
        assert part in html
    assert "attend quelqu’un" in html
    use(paged, make(paged))
    _, html = page(paged, make(paged), notice=Notice("C’est noté"), offer=False)
    assert "pris en charge par Nadia Benali" in html
    assert "<button" not in html


HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "{0.__class__}{alertname:>50000000}",
    '"><img src=x onerror=alert(1)>',
    "\u202etxet\u2066\x07\x1b[31m",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(world, text):
    labels = {"alertname": text, "member": text, "service": text, "instance": text, text: text}
    world.post(replace(world.alert(), labels=labels, annotations={
        "summary": text, "action": text, "runbook_url": "javascript:alert(1)//" + text,
    }))  # fmt: skip
    world.send_all()
    _, html = page(world, make(world))
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html
    assert not [c for c in html if c in "\u202e\u2066\x07\x1b"]
    assert len(html) < 50_000


def test_a_thousand_alerts_are_all_behind_the_link_and_more_on_following_pages(world):
    count = ALERTS_A_PAGE + 7
    world.post(*(world.alert(f"f{i}", instance=f"mx-{i:05}") for i in range(count)))
    world.send_all()
    token = make(world)
    first, html = page(world, token)
    _, more = page(world, token, 2)
    assert (first.pages, first.alert_count, first.firing_count) == (2, count, count)
    names = [f"mx-{i:05}" for i in range(count)]
    assert sum(name in html for name in names) == ALERTS_A_PAGE
    assert all(name in html or name in more for name in names)
    assert "?page=2" in html
    assert page(world, token, 99)[0].page == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\nb\tc", "a b c"), ("a\u202eb", "ab"), ("x" * 400, "x" * 299 + "…"), ("\ud800", "")],
)
def test_what_is_shown_is_one_bearable_line(text, expected):
    assert shown(text) == expected


def test_expired_and_unknown_links_say_nothing_of_any_incident(paged):
    pages = LinkPages(paged.desk.zone)
    assert "expiré" in pages.gone(paged.now)
    for html in (pages.gone(paged.now), pages.missing(paged.now)):
        assert "Messagerie" not in html
        assert "<form" not in html


def test_links_live_for_a_day(paged):
    token = make(paged)
    with paged.store.read() as session:
        (link,) = session.scalars(select(Link))
    assert link.expires_at - link.created_at == timedelta(days=1)
    assert found(paged, token).used_at is None
    with paged.store.read() as session:
        assert session.scalar(select(Incident.state)) == "paging"
