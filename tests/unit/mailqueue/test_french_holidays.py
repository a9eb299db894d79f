from __future__ import annotations

from datetime import date, timedelta

import holidays

from exporters.mailqueue.french_holidays import is_public_holiday


def test_the_days_are_those_of_the_calendar_of_france():
    # Pentecost Monday was a working day in law from 2005 to 2007.
    known = holidays.country_holidays("FR", years=range(2008, 2101))
    day = date(2008, 1, 1)
    while day.year <= 2100:
        assert is_public_holiday(day) == (day in known), day
        day += timedelta(days=1)
