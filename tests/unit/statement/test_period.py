"""Months and years of a statement."""

from __future__ import annotations

from datetime import date

import pytest
from duty_month import PARIS, at

from alertmanager.statement import Period


def test_a_month_goes_from_midnight_to_midnight_local():
    march = Period.month("2026-03")
    assert march.label == "mars 2026"
    assert march.span(PARIS) == (at("2026-03-01 00:00"), at("2026-04-01 00:00"))


def test_twelve_months_end_with_the_month():
    assert Period.month("2026-12").year_before == date(2026, 1, 1)
    assert Period.month("2026-02").year_before == date(2025, 3, 1)
    assert Period.year(2026).year_before == date(2026, 1, 1)


def test_a_year_is_its_months():
    year = Period.year(2026)
    assert [month.label for month in year.months][::11] == ["janvier 2026", "décembre 2026"]
    assert len(year.months) == 12


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-5", "mai 2026", "9999-12", ""])
def test_what_is_no_month_is_told(text):
    with pytest.raises(ValueError, match=r"n'est pas un mois ; attendu : AAAA-MM, ex\. 2026-05"):
        Period.month(text)
