"""A May with all that a statement can say: holidays, late notice, travel, rest, payroll, towns."""

from __future__ import annotations

from dataclasses import replace

from duty_month import OFFICE, PARIS, at, ruled, shift, told, work

from alertmanager.rosters import Shift
from alertmanager.rosters.settings import HolidaySettings
from alertmanager.statement import (
    DayCalendar,
    Period,
    Statement,
    load_rates,
    make_statement,
)

EVIL = '=HYPERLINK("http://exemple.test")\x07'
"""A name that a spreadsheet would run, with a bell in it."""
RULES = ruled(
    title="État d'astreinte des Deux Rives",
    service=OFFICE,
    agents=[
        {"person": "ada", "stream": "technical"},
        {"person": "bob", "stream": "technical", "ihts": True},
        {"person": "cid", "stream": "technical", "compensation": "rest"},
    ],
    members=[
        {"id": "valmont", "name": "Valmont-sur-Lys", "weight": 21400},
        {"id": "brecourt", "name": "Brécourt", "weight": 8650},
    ],
)


def held(person: str, name: str, start: str, end: str) -> Shift:
    made = shift(person, start, end)
    return replace(made, people=tuple(replace(who, name=name) for who in made.people))


def signed_month(name: str = "Ada Lefèvre") -> Statement:
    """The statement of May 2026; `name` is ada's."""
    shifts = [
        held("cid", "Cid Morel", "2026-04-24 19:00", "2026-05-01 19:00"),
        held("ada", name, "2026-05-01 19:00", "2026-05-08 19:00"),
        held("bob", "Bob Martin", "2026-05-08 19:00", "2026-05-15 19:00"),
    ]
    on_site = {
        "called_at": at("2026-05-03 21:38"),
        "acknowledged_at": at("2026-05-03 21:40"),
        "left_at": at("2026-05-03 21:50"),
        "arrived_at": at("2026-05-03 22:15"),
        "returned_at": at("2026-05-04 00:20"),
        "on_site": True,
    }
    interventions = [
        work(
            "ada",
            "2026-05-03 21:40",
            "2026-05-03 23:55",
            incident="0711",
            member="valmont",
            **on_site,
        ),
        work("bob", "2026-05-10 03:10", "2026-05-10 04:05", incident="@2", member="brecourt"),
        work("cid", "2026-05-01 03:10", "2026-05-01 05:25", incident="3"),
    ]
    return make_statement(
        {"astreinte": shifts},
        interventions,
        [told("ada", "2026-05-01 19:00", "2026-04-25 10:00")],
        rules=RULES,
        rates=load_rates(),
        calendar=DayCalendar(PARIS, HolidaySettings()),
        period=Period.month("2026-05"),
    )
