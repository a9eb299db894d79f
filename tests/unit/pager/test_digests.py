"""Storms over the store: what each person is sent, and that nothing is left out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alertmanager.delivery import outbox
from alertmanager.delivery.channels import Channel
from alertmanager.delivery.gsm7 import segments
from alertmanager.incidents.inbox import take_reply
from alertmanager.notifiers.contract import Incoming
from alertmanager.store.tables import Inbound, Message, MessagePage
from alertmanager.webhook.link_answers import answer
from alertmanager.webhook.links import find_link, make_link

SMS, MAIL = Channel("sms", ("sms",)), Channel("mail", ("mail",), "email", None, capped=False)


@pytest.fixture
def bounded(world: Any) -> Any:
    world.with_desk(channels=(SMS,))
    return world


def storm(world: Any, count: int, name: str = "HypervisorDomainDown", **labels: str) -> None:
    towns = ("valmont", "brecourt", "saint-aubin")
    for number in range(count):
        town = labels.get("member", towns[number % 3])
        fields = {"alertname": name, "service": f"s{number}", "member": town, **labels}
        world.post(world.alert(f"{name}{number}", **fields))


def test_the_second_incident_waits_a_minute_and_is_told_as_an_ordinary_page(bounded: Any) -> None:
    storm(bounded, 2)
    assert len(bounded.send_all()) == 1
    bounded.pass_time(seconds=59)
    assert bounded.send_all() == []
    bounded.pass_time(seconds=1)
    ((to, text),) = bounded.send_all()
    second = bounded.incidents()[1]
    assert to == bounded.first
    assert text.startswith(f"VIGIE {second.code} CRITIQUE S1, Brécourt")
    assert bounded.reply(bounded.first, f"ok {second.code}") == "takes"


def test_a_storm_is_a_page_and_a_digest_whose_code_takes_all(bounded: Any) -> None:
    storm(bounded, 40)
    bounded.send_all()
    bounded.pass_time(seconds=60)
    ((_, text),) = bounded.send_all()
    code = bounded.messages()[-1].code
    assert text.startswith(f"VIGIE {code} : 39 incidents, 3 communes, 39 services. Pire : ")
    assert text.endswith(f" Répondez OK {code} pour tout prendre")
    assert segments(text) <= 2
    assert bounded.reply(bounded.first, f"OK {code}") == "takes_all"
    states = [incident.state for incident in bounded.incidents()]
    assert states == ["paging"] + ["acknowledged"] * 39
    (confirmation,) = [m for m in bounded.messages() if m.kind == "confirmation"]
    assert confirmation.text.startswith(f"VIGIE {code} : 39 incidents pris en charge par vous")


def test_ok_tout_takes_what_was_told_and_what_waits(bounded: Any) -> None:
    storm(bounded, 5)
    bounded.send_all()
    assert bounded.reply(bounded.first, "ok tout") == "takes_all"
    assert {incident.state for incident in bounded.incidents()} == {"acknowledged"}
    bounded.pass_time(minutes=2)
    sent = bounded.send_all()
    assert [text[:5] for _, text in sent] == ["VIGIE"]
    assert "5 incidents pris en charge par vous" in sent[0][1]


def test_a_new_critical_leads_the_digest_within_seconds(bounded: Any) -> None:
    storm(bounded, 30)
    bounded.send_all()
    bounded.pass_time(seconds=20)
    storm(bounded, 1, "MailAccountCompromised", service="messagerie", member="valmont")
    bounded.pass_time(seconds=3)
    ((_, text),) = bounded.send_all()
    new = bounded.incidents()[-1]
    assert f"Pire : {new.code} CRITIQUE Messagerie" in text
    assert "30 incidents" in text


def test_what_is_over_before_the_digest_leaves_is_not_in_it(bounded: Any) -> None:
    storm(bounded, 3)
    bounded.send_all()
    for number in (1, 2):
        fields = {"alertname": "HypervisorDomainDown", "service": f"s{number}"}
        fields["member"] = ("valmont", "brecourt", "saint-aubin")[number]
        bounded.post(bounded.alert(f"HypervisorDomainDown{number}", firing=False, **fields))
    bounded.pass_time(seconds=60)
    assert bounded.send_all() == []
    assert bounded.messages()[-1].state == "cancelled"


def test_what_waits_longer_than_a_minute_goes_by_mail_at_once(world: Any) -> None:
    world.with_desk(channels=(SMS, MAIL))
    storm(world, 8)
    world.send_all()
    world.pass_time(seconds=60)
    world.send_all()
    assert {m.channel for m in world.messages()} == {"sms"}  # a page, and a minute later the rest
    for number in range(3):  # more of the same: a third ordinary SMS has to wait for minutes
        fields = {"alertname": "HypervisorDomainDown", "service": f"t{number}"}
        world.post(world.alert(f"more{number}", **fields))
    world.send_all()
    first, *others = [m for m in world.messages() if m.channel == "mail"]
    assert first.state == "delivered"
    assert [m.kind for m in others] == ["digest"]  # mails cost no sleep, but are no flood either


def test_the_end_of_a_storm_is_no_storm(bounded: Any) -> None:
    storm(bounded, 12)
    bounded.send_all()
    bounded.pass_time(seconds=60)
    bounded.send_all()
    for number in range(12):
        fields = {"alertname": "HypervisorDomainDown", "service": f"s{number}"}
        fields["member"] = ("valmont", "brecourt", "saint-aubin")[number % 3]
        bounded.post(bounded.alert(f"HypervisorDomainDown{number}", firing=False, **fields))
    at_once = bounded.send_all()
    assert len(at_once) == 2
    assert all("TERMINÉ" in text for _, text in at_once)
    bounded.pass_time(minutes=15)
    ((_, text),) = bounded.send_all()
    assert text.startswith("VIGIE : 10 incidents terminés : ")
    assert segments(text) <= 2


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 90),
            st.sampled_from(("A", "B", "C", "D")),
            st.sampled_from(("critical", "warning")),
        ),
        min_size=2,
        max_size=20,
    )
)
def test_every_page_is_in_a_message_that_left_waits_or_was_not_needed(
    store: Any, request: Any, pattern: Any
) -> None:
    bounded = request.getfixturevalue("world")
    bounded.with_desk(channels=(SMS,))
    before = len(bounded.incidents())
    for number, (gap, name, severity) in enumerate(pattern, start=before):
        bounded.pass_time(seconds=gap)
        fields = {"alertname": name, "service": f"h{number}", "severity": severity}
        bounded.post(bounded.alert(f"h{number}", **fields))
        bounded.send_all()
    with bounded.store.read() as session:
        carried = set(session.scalars(select(MessagePage.page_id)))
    pages = {line.detail["page"] for line in bounded.journal("page.created")}
    messages = {m.id: m.state for m in bounded.messages()}
    assert pages == carried
    assert set(messages.values()) <= {"delivered", "pending"}
    left = sorted(
        m.accepted_at for m in bounded.messages() if m.accepted_at and m.address == bounded.first
    )
    for most, span in ((3, timedelta(minutes=5)), (6, timedelta(minutes=15))):
        for first, beyond in zip(left, left[most:], strict=False):
            assert beyond - first >= span


def test_what_comes_in_is_kept_as_it_came_whatever_it_is(bounded: Any) -> None:
    raw = b"From: x\r\n\r\n\x00\xff" + b"x" * 100_000
    incoming = Incoming("+336\x0039981099", "nul\x00 \ud800 ici", "i" * 5000, raw=raw)
    with bounded.store.write() as session:
        assert take_reply(session, bounded.desk, "sms", incoming, bounded.now) == "unknown_sender"
    with bounded.store.write() as session:
        assert take_reply(session, bounded.desk, "sms", incoming, bounded.now) == "duplicate"
    with bounded.store.read() as session:
        (row,) = session.scalars(select(Inbound))
    assert row.raw == raw[: 64 * 1024]
    assert row.text == "nul ? ici"
    assert bounded.messages() == []


def test_a_mail_that_answers_a_page_takes_it_and_only_its_person_may(world: Any) -> None:
    world.with_desk(channels=(MAIL,))
    world.post(world.alert())
    world.post(world.alert("b", member="brecourt"))
    world.pass_time(minutes=1)
    world.send_all()
    page = next(m for m in world.messages() if m.incident_id == world.incidents()[0].id)

    def mail(sender: str, text: str) -> str:
        incoming = Incoming(sender, text, f"{sender}{text}", answers=page.token)
        with world.store.write() as session:
            return take_reply(session, world.desk, "mail", incoming, world.now)

    assert mail("quelquun@ailleurs.test", "OK") == "unknown_sender"
    assert mail(page.address.upper(), "OK\n\n> VIGIE 0000 CRITIQUE") == "takes"
    states = {i.id: i.state for i in world.incidents()}
    assert states.pop(page.incident_id) == "acknowledged"
    assert list(states.values()) == ["paging"]


def test_a_digest_is_answered_before_anybody_wrote_down_that_it_left(bounded: Any) -> None:
    storm(bounded, 6)
    bounded.send_all()
    bounded.pass_time(seconds=60)
    with bounded.store.claim() as session:
        lease = outbox.claim(session, bounded.now, "dead", on_claim=bounded.written)
    assert lease is not None
    code = bounded.messages()[-1].code
    assert bounded.reply(bounded.first, f"OK {code}") == "takes_all"
    assert [i.state for i in bounded.incidents()].count("acknowledged") == 5


def test_the_link_of_a_digest_takes_all_with_one_confirmation(bounded: Any) -> None:
    storm(bounded, 20)
    bounded.send_all()
    bounded.pass_time(seconds=60)
    bounded.send_all()
    digest = bounded.messages()[-1]
    with bounded.store.write() as session:
        token = make_link(session, b"k" * 32, session.get_one(Message, digest.id), bounded.now)
    with bounded.store.write() as session:
        link = find_link(session, b"k" * 32, token)
        assert link is not None
        assert answer(session, bounded.desk, link, bounded.now).taken == 19
    told = [m.text for m in bounded.messages() if m.kind == "confirmation"]
    assert len(told) == 1
    assert told[0].startswith(f"VIGIE {digest.code} : 19 incidents pris en charge par vous")
