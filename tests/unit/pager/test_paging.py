"""Escalation: who is paged next, and when it stops."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alertmanager.delivery import outbox
from alertmanager.delivery.channels import Channel
from alertmanager.incidents.paging import message_ended
from alertmanager.incidents.policy import Policy, Step


def pages(world: Any) -> list[str]:
    return [m.address for m in world.messages() if m.kind == "page"]


def test_without_an_answer_the_second_then_the_last_resort_then_the_first_again(
    world: Any,
) -> None:
    world.post(world.alert())
    world.send_all()
    expected = [world.first]
    everyone = [person.phone for person in world.desk.rosters.persons]
    rounds = ((5, [world.second]), (5, [world.last]), (15, everyone), (15, [world.first]))
    for minutes, people in rounds:
        world.pass_time(minutes=minutes, seconds=-1)
        world.send_all()
        assert pages(world) == expected
        world.pass_time(seconds=1)
        world.send_all()
        expected += people
        assert pages(world) == expected
    reasons = [line.detail["reason"] for line in world.journal("page.escalated")]
    assert reasons == ["sans réponse dans le délai"] * 4


def test_after_a_stop_only_the_overdue_step_is_paged(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.now += timedelta(hours=3)  # nothing ran meanwhile
    world.run_due()
    world.run_due()
    # After three hours of steps of 5, 5, 15 and 15 minutes it is the turn of the last resort.
    assert pages(world) == [world.first, world.last]
    passed = [line.detail for line in world.journal("page.escalated")]
    assert passed[0]["reason"] == "sans réponse dans le délai"
    assert {line["reason"] for line in passed[1:]} == {"étape échue pendant l'arrêt de Vigie"}
    assert passed[-1]["to_step"] == 2


def test_a_stop_within_a_step_passes_none_over(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.now += timedelta(minutes=9)
    world.run_due()
    assert pages(world) == [world.first, world.second]
    assert len(world.journal("page.escalated")) == 1


def test_an_acknowledgement_stops_the_escalation_until_it_expires(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.reply(world.first, "ok")
    world.pass_time(minutes=59)
    assert pages(world) == [world.first]
    world.pass_time(minutes=1)
    assert pages(world) == [world.first, world.first]
    assert "(toujours en cours)" in world.messages()[-1].text
    assert world.incident().acknowledged_by is None
    world.send_all()
    world.reply(world.first, "ok")
    world.post(world.alert(firing=False))
    world.pass_time(hours=12)
    assert pages(world) == [world.first, world.first]


def test_a_refused_message_goes_to_the_next_person_at_once(world: Any) -> None:
    world.post(world.alert())
    world.refuse_next()
    assert pages(world) == [world.first, world.second]
    (line,) = world.journal("page.escalated")
    assert line.detail["reason"] == "message non remis"


def test_a_message_without_proof_goes_to_the_next_person_after_the_deadline(world: Any) -> None:
    world.post(world.alert())
    world.send_all(report=None)
    world.pass_time(seconds=89)
    assert pages(world) == [world.first]
    world.pass_time(seconds=2)
    assert world.messages()[0].state == "unconfirmed"
    assert pages(world) == [world.first, world.second]
    assert len(world.journal("message.unconfirmed")) == 1


def test_a_message_without_proof_is_tried_by_the_next_channel_first(world: Any) -> None:
    world.with_desk(channels=(Channel("sms", ("sms",)), Channel("voix", ("voix",))))
    world.post(world.alert())
    world.send_all(report=None)
    world.pass_time(seconds=91)
    assert [(m.channel, m.address) for m in world.messages()] == [
        ("sms", world.first),
        ("voix", world.first),
    ]
    world.refuse_next()
    assert pages(world)[-1] == world.second


def test_an_empty_roster_is_passed_over_at_once_and_said(world: Any, nobody: Any) -> None:
    helene = world.desk.person("helene.vasseur")
    nobody.persons = (helene,)
    world.with_desk(rosters=nobody)
    world.post(world.alert())
    assert pages(world) == [world.last]
    assert [line.detail["person"] for line in world.journal("roster.resolved")] == [
        None,
        None,
        "helene.vasseur",
    ]


def test_with_nobody_at_all_it_starts_over_until_somebody_is_there(world: Any, nobody: Any) -> None:
    book = world.desk.rosters
    world.with_desk(rosters=nobody)
    world.post(world.alert())
    assert len(world.journal("page.nobody")) == 1
    world.with_desk(rosters=book)
    world.pass_time(minutes=15)
    assert pages(world) == [world.first]


def test_the_policy_of_an_incident_is_the_one_of_its_opening(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.with_desk(policy=Policy((Step("renfort", timedelta(hours=9)),), (), timedelta(hours=9)))
    world.pass_time(minutes=5)
    world.send_all()
    assert pages(world) == [world.first, world.second]


def test_a_roster_that_was_removed_meanwhile_is_passed_over(world: Any) -> None:
    world.with_desk(
        policy=Policy(
            (
                Step("ancien", timedelta(minutes=5)),
                Step("astreinte", timedelta(minutes=5)),
            ),
            (),
            timedelta(minutes=5),
        )
    )
    world.post(world.alert())
    assert pages(world) == [world.first]
    assert "n'existe plus" in world.journal("roster.resolved")[0].detail["why"]


def test_only_those_who_were_paged_are_told_the_end_and_once(world: Any) -> None:
    world.post(world.alert())
    world.send_all()
    world.pass_time(minutes=5)
    world.send_all()
    world.post(world.alert(firing=False))
    world.post(world.alert(firing=False))
    told = [m.address for m in world.messages() if m.kind == "resolution"]
    assert told == [world.first, world.second]
    (line,) = world.journal("resolution.told")
    assert line.detail["people"] == ["nadia.benali", "yann.legoff"]


def test_a_page_that_did_not_leave_before_the_end_never_leaves(world: Any) -> None:
    world.post(world.alert())
    world.post(world.alert(firing=False))
    assert world.send_all() == []
    assert [m.state for m in world.messages()] == ["cancelled"]
    assert world.journal("resolution.told") == []


def test_when_only_a_warning_is_left_nobody_else_is_woken_before_the_office_opens(
    world: Any,
) -> None:
    world.post(world.alert(), world.alert("w", severity="warning"))
    world.send_all()
    world.post(world.alert(firing=False))
    world.pass_time(days=2, hours=23)
    assert pages(world) == [world.first]
    world.pass_time(minutes=50)  # Monday 4 May, 07:02: still nobody's
    assert len(pages(world)) == 2
    assert world.incident().state == "paging"


def test_when_only_what_never_pages_is_left_paging_stops_until_something_worse_comes(
    world: Any,
) -> None:
    world.post(world.alert(), world.alert("n", severity="none"))
    world.send_all()
    world.post(world.alert(firing=False))
    world.pass_time(days=4)
    assert pages(world) == [world.first]
    world.post(world.alert())
    world.pass_time(minutes=16)
    assert len(pages(world)) > 1


def test_a_refused_page_for_what_became_a_warning_wakes_nobody_else(world: Any) -> None:
    world.post(world.alert(), world.alert("w", severity="warning"))
    world.post(world.alert(firing=False))
    world.refuse_next()
    assert pages(world) == [world.first]


def test_a_warning_that_ended_beside_what_never_pages_is_not_paged_at_the_opening(
    world: Any,
) -> None:
    world.post(world.alert("w", severity="warning"), world.alert("n", severity="none"))
    world.post(world.alert("w", severity="warning", firing=False))
    world.pass_time(days=4)
    assert pages(world) == []


def test_someone_of_the_last_resort_who_left_the_rosters_is_said(world: Any) -> None:
    waits = timedelta(minutes=5)
    gone = Policy((Step("ancien", waits),), ("parti", "helene.vasseur"), waits)
    world.with_desk(policy=gone)
    world.post(world.alert())
    assert pages(world) == [world.last]
    whys = [line.detail["why"] for line in world.journal("roster.resolved")]
    assert "« parti » n'est plus dans les tours d'astreinte" in whys


def test_a_page_that_no_gateway_takes_goes_to_the_next_person_and_is_still_tried(
    world: Any,
) -> None:
    world.post(world.alert())
    world.now += outbox.HAND_OVER_WITHIN
    with world.store.write() as session:
        (identifier,) = outbox.late(session, world.now)
        message = outbox.note_late(session, world.now, identifier)
        assert message is not None
        message_ended(session, world.desk, message, world.now)
    assert pages(world) == [world.first, world.second]
    assert [m.state for m in world.messages()] == ["pending", "pending"]
    assert {address for address, _ in world.send_all()} == {world.first, world.second}
