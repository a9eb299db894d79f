"""What each audience sees, and the state it is told."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from dashboards.status.compose import compose
from dashboards.status.model import Knowledge, State

PATIENCE = timedelta(seconds=60)


@pytest.fixture
def seen(site, towns, now):
    def view(knowledge, audience=""):
        return compose(knowledge, now, towns, site.audiences[audience], PATIENCE)

    return view


def states(view):
    return {service.id: service.state for service in view.services}


def test_all_services_work_when_everything_is_read_and_nothing_is_open(seen, knowing, over):
    view = seen(knowing(over), "valmont")
    assert set(states(view).values()) == {State.WORKING}
    assert view.headline == "Tous les services fonctionnent"
    assert [i.title for i in view.past] == ["Hébergement\u00a0: service en panne"]


def test_an_incident_of_the_service_disturbs_every_member_that_uses_it_and_the_public(
    seen, knowing, attack, towns
):
    for audience in ("", *(m.id for m in towns.members)):
        view = seen(knowing(attack), audience)
        assert states(view)["messagerie"] is State.DISTURBED
        assert view.state is State.DISTURBED
        assert view.headline == "Un service est perturbé"


def test_a_member_that_does_not_use_a_service_hears_nothing_of_it(seen, knowing, over, down):
    hosting = dataclasses.replace(over, resolved_at=None)
    view = seen(knowing(hosting, down), "noirmont")
    assert states(view) == {"messagerie": State.WORKING}
    assert view.current == view.past == ()


def test_an_incident_of_one_member_is_seen_by_that_member_alone(seen, knowing, down, towns):
    assert states(seen(knowing(down), "valmont"))["hebergement"] is State.DOWN
    for audience in ("", *(m.id for m in towns.members if m.id != "valmont")):
        view = seen(knowing(down), audience)
        assert view.state is State.WORKING, audience
        assert view.current == (), audience


def test_a_member_is_told_of_its_own_incident_even_on_a_service_it_did_not_declare(
    seen, knowing, down
):
    view = seen(knowing(dataclasses.replace(down, member="noirmont")), "noirmont")
    assert states(view) == {"messagerie": State.WORKING, "hebergement": State.DOWN}


def test_an_incident_of_the_syndicates_own_things_disturbs_everyone_and_stops_nobody(
    seen, knowing, down
):
    own = dataclasses.replace(down, member="syndicat")
    view = seen(knowing(own), "brecourt")
    assert states(view)["hebergement"] is State.DISTURBED
    assert view.current[0].sentence.startswith("Un serveur que partagent les communes")
    assert states(seen(knowing(own)))["hebergement"] is State.DISTURBED


def test_an_incident_nobody_can_be_told_of_is_shown_to_nobody(seen, knowing, down, towns):
    strange = dataclasses.replace(down, member="inconnue")
    elsewhere = dataclasses.replace(down, service="supervision", member="valmont")
    for audience in ("", *(m.id for m in towns.members)):
        assert seen(knowing(strange, elsewhere), audience).state is State.WORKING


def test_before_the_first_reading_everything_is_unknown_since_the_start(seen, now):
    start = now - timedelta(seconds=1)
    view = seen(Knowledge(start), "valmont")
    assert set(states(view).values()) == {State.UNKNOWN}
    assert {s.since for s in view.services} == {start}
    assert view.updated_at is None


@pytest.mark.parametrize(("age", "expected"), [(60, State.WORKING), (61, State.UNKNOWN)])
def test_incidents_unread_for_longer_than_a_minute_make_everything_unknown(
    seen, knowing, now, age, expected
):
    view = seen(knowing(age=age))
    assert set(states(view).values()) == {expected}
    if expected is State.UNKNOWN:
        assert {s.since for s in view.services} == {now - timedelta(seconds=age)}
        assert view.headline == "L’état des services est inconnu"


def test_an_open_incident_that_cannot_be_read_any_more_is_kept_as_old_news(seen, knowing, attack):
    view = seen(knowing(attack, age=300))
    assert states(view)["messagerie"] is State.UNKNOWN
    assert view.stale
    assert len(view.current) == 1


def test_a_service_nobody_measures_is_unknown_although_no_incident_is_open(
    seen, knowing, attack, now
):
    knowledge = knowing(attack)
    knowledge = dataclasses.replace(
        knowledge,
        watched_at={**knowledge.watched_at, "sauvegarde": now - timedelta(seconds=61)},
    )
    assert states(seen(knowledge)) == {
        "messagerie": State.DISTURBED,
        "hebergement": State.WORKING,
        "sauvegarde": State.UNKNOWN,
    }


def test_a_service_with_an_open_incident_keeps_it_when_only_its_measures_are_missing(
    seen, knowing, attack
):
    assert states(seen(knowing(attack, watch_age=600)))["messagerie"] is State.DISTURBED


def test_the_worst_of_two_incidents_gives_the_state_of_the_service(seen, knowing, attack):
    outage = dataclasses.replace(attack, id="b", impact="outage")
    view = seen(knowing(attack, outage))
    assert states(view)["messagerie"] is State.DOWN
    assert len(view.current) == 2


def test_incidents_that_ended_more_than_seven_days_ago_are_gone(seen, knowing, over, now):
    old = dataclasses.replace(over, resolved_at=now - timedelta(days=7, seconds=1))
    recent = dataclasses.replace(over, id="r", resolved_at=now - timedelta(days=7))
    assert len(seen(knowing(old, recent)).past) == 1


def test_the_public_id_of_an_incident_differs_between_audiences_and_stays_the_same_in_one(
    seen, knowing, attack
):
    ids = {seen(knowing(attack), audience).current[0].id for audience in ("", "valmont", "villers")}
    assert len(ids) == 3
    assert attack.id not in ids
    assert seen(knowing(attack), "valmont").current[0].id in ids
