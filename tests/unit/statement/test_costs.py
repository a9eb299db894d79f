"""What each town bears, and that it is all of it."""

from __future__ import annotations

from decimal import Decimal

from duty_month import ruled, shift, work
from hypothesis import given
from hypothesis import strategies as st

from alertmanager.statement.costs import shared

TOWNS = [
    {"id": "valmont", "name": "Valmont", "weight": 3},
    {"id": "brecourt", "name": "Brécourt", "weight": 2},
    {"id": "saint-aubin", "name": "Saint-Aubin", "weight": 2},
]
WEEK = [shift("ada", "2026-06-05 19:00", "2026-06-12 19:00")]


def test_a_call_for_one_town_is_borne_by_it_and_the_duty_by_all(make):
    calls = [
        work("ada", "2026-06-09 23:00", "2026-06-10 00:00", incident="I-1", member="brecourt"),
        work("ada", "2026-06-10 23:00", "2026-06-11 00:00", incident="I-2"),
    ]
    statement = make(WEEK, calls, month="2026-06", rules=ruled(members=TOWNS))
    rows = {row.member: row for row in statement.costs}
    assert [row.interventions for row in statement.costs] == [0, 22, 0]
    # 22.00 by 3, 2 and 2 of 7 is 9.4286, 6.2857, 6.2857: two cents are left after 9.42, 6.28,
    # 6.28; the first goes to the largest remainder, the other to the first of two equal ones.
    assert [row.common_interventions for row in statement.costs] == [
        Decimal("9.43"),
        Decimal("6.29"),
        Decimal("6.28"),
    ]
    assert [row.duty for row in statement.costs] == [
        Decimal("68.23"),
        Decimal("45.49"),
        Decimal("45.48"),
    ]
    assert rows["brecourt"].formula == ("22,00 + 22,00 × 2/7 (= 6,29) + 159,20 × 2/7 (= 45,49)")
    assert sum(row.amount for row in statement.costs) == statement.amount == Decimal("203.20")


def test_an_unknown_town_is_named_and_shared_by_all(make):
    call = work("ada", "2026-06-09 23:00", "2026-06-10 00:00", member="ailleurs")
    statement = make(WEEK, [call], month="2026-06", rules=ruled(members=TOWNS))
    assert statement.remarks[0].text.startswith("commune « ailleurs » absente de statement.yml")
    assert sum(row.amount for row in statement.costs) == statement.amount


def test_rested_and_unpriced_minutes_of_a_town_are_told(make):
    rules = ruled(
        members=TOWNS,
        agents=[
            {"person": "ada", "stream": "technical", "compensation": "rest"},
            {"person": "bob", "stream": "technical", "ihts": True},
        ],
    )
    calls = [
        work("ada", "2026-06-09 23:00", "2026-06-10 00:00", member="valmont"),
        work("bob", "2026-06-09 23:00", "2026-06-10 00:30", member="valmont"),
    ]
    row = make((), calls, month="2026-06", rules=rules).costs[0]
    assert (row.amount, row.rest_minutes, row.unpriced_minutes) == (0, 90, 90)
    assert row.intervention_minutes == 150


@given(
    st.decimals(0, 99_999, places=2),
    st.lists(st.integers(0, 50_000), min_size=1, max_size=40).filter(any),
)
def test_shares_add_up_to_the_cent_and_are_fair_to_a_cent(amount, weights):
    parts = shared(amount, [Decimal(weight) for weight in weights])
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - amount * weight / sum(weights)) < Decimal("0.01")
        assert part == part.quantize(Decimal("0.01"))
