"""What one member sees never contains a name, count or colour of another: for any site, any day."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.status.model import Incident, Knowledge
from dashboards.status.site import PUBLIC, Site
from inventory import Inventory

SERVICES = ("messagerie", "hebergement", "sauvegarde", "annuaire")
KEY = b"k" * 40


@st.composite
def inventories(draw):
    """Two to five members; names no template could contain by chance."""
    members = [
        {
            "id": f"zq{n}x{draw(st.integers(10, 99))}",
            "name": f"Zq{n}ville-{draw(st.text('éèàôXYZ<&', min_size=3, max_size=9))}-Wk{n}",
            "services": draw(st.lists(st.sampled_from(SERVICES), min_size=1, unique=True)),
            "mail_domains": [f"zq{n}mail.test"],
            "virtual_machines": [{"name": f"zq{n}-serveur"}],
        }
        for n in range(draw(st.integers(2, 5)))
    ]
    return Inventory.model_validate(
        {
            "syndicate": {"id": "syndicat", "name": "Syndicat des Deux Rives"},
            "services": [{"id": s, "name": s.capitalize()} for s in SERVICES],
            "members": members,
        }
    )


@st.composite
def days(draw, now):
    """(inventory, incidents): any mixture of scopes, members, impacts and ages."""
    inventory = draw(inventories())
    owners = [m.id for m in inventory.members] + ["syndicat", "personne"]
    incidents = []
    for n in range(draw(st.integers(0, 8))):
        start = now - timedelta(minutes=draw(st.integers(1, 20000)))
        scope = draw(st.sampled_from(("service", "member")))
        over = draw(st.none() | st.integers(0, 9000))
        incidents.append(
            Incident(
                id=f"incident-{n}",
                service=draw(st.sampled_from((*SERVICES, "supervision"))),
                scope=scope,
                member=draw(st.sampled_from(owners)) if scope == "member" else None,
                impact=draw(st.sampled_from(("outage", "degraded"))),
                started_at=start,
                acknowledged_at=draw(st.none() | st.just(start + timedelta(seconds=30))),
                resolved_at=None if over is None else start + timedelta(minutes=over),
            )
        )
    return inventory, tuple(incidents)


def everything(files):
    return b"\n".join(path.encode() + b"\n" + body for path, body in files.items())


def known(now, inventory, incidents):
    return Knowledge(
        now - timedelta(days=1), incidents, now, {s.id: now for s in inventory.services}
    )


relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@relaxed
@given(data=st.data())
def test_no_file_of_an_audience_names_another_member(now, data):
    inventory, incidents = data.draw(days(now))
    site = Site(inventory, KEY, base="https://etat.test/")
    rendered = site.render(known(now, inventory, incidents), now)
    for audience, files in rendered.audiences.items():
        text = everything({**files, **rendered.shared, "404": rendered.missing}).decode()
        # Its own token is random letters, which may spell a short name.
        text = text.replace(site.tokens.get(audience, "\0"), "")
        for member in inventory.members:
            if member.id == audience:
                continue
            secrets = (
                f"Wk{member.name[-1]}",
                member.id,
                site.tokens[member.id],
                "zq" + member.id[2],
            )
            for secret in secrets:
                assert secret not in text, (audience, secret)


@relaxed
@given(data=st.data())
def test_the_files_of_a_member_are_the_same_bytes_as_if_the_others_did_not_exist(now, data):
    inventory, incidents = data.draw(days(now))
    whole = Site(inventory, KEY, base="https://etat.test/")
    rendered = whole.render(known(now, inventory, incidents), now)
    for member in inventory.members:
        own = tuple(
            i for i in incidents if i.scope == "service" or i.member in (member.id, "syndicat")
        )
        alone = inventory.model_copy(update={"members": (member,)})
        site = Site(alone, KEY, base="https://etat.test/")
        knowledge = known(now, alone, own)
        assert rendered.audiences[member.id] == site.render(knowledge, now).audiences[member.id]


@relaxed
@given(data=st.data())
def test_the_public_pages_do_not_depend_on_what_happens_to_one_member(now, data):
    inventory, incidents = data.draw(days(now))
    site = Site(inventory, KEY, base="https://etat.test/")
    shared = tuple(i for i in incidents if i.scope == "service" or i.member == "syndicat")
    public = site.audiences[PUBLIC]
    assert site.files(known(now, inventory, incidents), now, public) == site.files(
        known(now, inventory, shared), now, public
    )
