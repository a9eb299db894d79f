"""Every amount and example of the duty rules, to the cent, in a test named after its source."""

from __future__ import annotations

from decimal import Decimal

import pytest
from duty_month import at, shift, single, told, work

from alertmanager.rosters.settings import HolidaySettings

WEEK = ("2026-06-05 19:00", "2026-06-12 19:00")  # Friday evening to Friday evening, no holiday
PERIODS = {
    "week": WEEK,
    "night": ("2026-06-09 19:00", "2026-06-10 07:00"),
    "short_night": ("2026-06-09 22:00", "2026-06-10 07:00"),
    "saturday": ("2026-06-06 07:00", "2026-06-06 19:00"),
    "sunday": ("2026-06-07 07:00", "2026-06-07 19:00"),
    "weekend": ("2026-06-05 19:00", "2026-06-08 07:00"),
    "monday_to_friday": ("2026-06-08 07:00", "2026-06-12 19:00"),
    "holiday": ("2026-07-14 07:00", "2026-07-14 19:00"),
}
EXPLOITATION = {
    "week": "159.20",
    "night": "10.75",
    "short_night": "8.60",
    "saturday": "37.40",
    "sunday": "46.55",
    "holiday": "46.55",
    "weekend": "116.20",
}
SECURITE = {
    "week": "149.48",
    "night": "10.05",
    "short_night": "8.08",
    "saturday": "34.85",
    "sunday": "43.38",
    "holiday": "43.38",
    "weekend": "109.28",
}
DECISION = {
    "week": "121.00",
    "night": "10.00",
    "saturday": "25.00",
    "sunday": "34.85",
    "holiday": "34.85",
    "weekend": "76.00",
}
NON_TECHNICAL = {
    "week": "149.48",
    "night": "10.05",
    "saturday": "34.85",
    "sunday": "43.38",
    "holiday": "43.38",
    "weekend": "109.28",
    "monday_to_friday": "45.00",
}


def only_line(statement):
    """The one line of the one agent."""
    (agent,) = statement.agents
    (line,) = agent.duties
    return line


def month_of(period):
    return PERIODS[period][1][:7]


@pytest.mark.parametrize(("period", "amount"), EXPLOITATION.items())
def test_exploitation_cgt54_2026_01_14(make, period, amount):
    line = only_line(make([shift("ada", *PERIODS[period])], month=month_of(period), rules=single()))
    assert (line.package, line.amount) == (period, Decimal(amount))
    assert line.steps[0].basis.trust == "second_hand"


@pytest.mark.parametrize(("period", "amount"), SECURITE.items())
def test_securite_as_the_category_of_2024_unverified(make, period, amount):
    rules = single("securite")
    line = only_line(make([shift("ada", *PERIODS[period])], month=month_of(period), rules=rules))
    assert (line.package, line.amount) == (period, Decimal(amount))
    assert line.steps[0].basis.trust == "unverified"


@pytest.mark.parametrize(("period", "amount"), DECISION.items())
def test_decision_cgt54_2026_01_14(make, period, amount):
    rules = single("decision")
    line = only_line(make([shift("ada", *PERIODS[period])], month=month_of(period), rules=rules))
    assert (line.package, line.amount) == (period, Decimal(amount))


@pytest.mark.parametrize(("period", "amount"), NON_TECHNICAL.items())
def test_non_technical_arrete_3_november_2015_legifrance_2023_09_28(make, period, amount):
    rules = single(stream="non_technical")
    line = only_line(make([shift("ada", *PERIODS[period])], month=month_of(period), rules=rules))
    assert (line.package, line.amount) == (period, Decimal(amount))
    assert line.steps[0].basis.trust == "verified"


@pytest.mark.parametrize(
    ("period", "days", "minutes"),
    [
        ("week", "1.5", 0),
        ("weekend", "1", 0),
        ("monday_to_friday", "0.5", 0),
        ("night", "0", 120),
        ("saturday", "0.5", 0),
        ("sunday", "0.5", 0),
        ("holiday", "0.5", 0),
    ],
)
def test_non_technical_rest_fo_and_arrete_28_september_2015(make, period, days, minutes):
    rules = single(stream="non_technical", compensation="rest")
    line = only_line(make([shift("ada", *PERIODS[period])], month=month_of(period), rules=rules))
    assert (line.rest_days, line.rest_minutes) == (Decimal(days), minutes)
    assert line.amount == 0  # pay and rest exclude each other
    assert line.steps[0].basis.trust == "second_hand"


def test_a_decision_night_has_no_lower_rate_for_a_fraction(make):
    night = [shift("ada", *PERIODS["short_night"])]
    line = only_line(make(night, month="2026-06", rules=single("decision")))
    assert (line.package, line.amount) == ("night", Decimal("10.00"))


# --- arrêté of 14 April 2015, art. 3 (LEGIARTI000049599744) ---------------------------------


def test_late_notice_art_3_a_week_goes_from_159_20_to_238_80(make):
    notice = told("ada", WEEK[0], "2026-05-22 10:00")
    line = only_line(make([shift("ada", *WEEK)], (), [notice], month="2026-06", rules=single()))
    assert line.late
    assert line.clear_days == 13
    assert line.amount == Decimal("238.80")
    assert line.steps[1].basis.source.endswith("(LEGIARTI000049599744)")
    assert line.steps[1].basis.trust == "verified"


def test_late_notice_art_3_covers_securite(make):
    notice = told("ada", WEEK[0], "2026-06-01 10:00")
    rules = single("securite")
    line = only_line(make([shift("ada", *WEEK)], (), [notice], month="2026-06", rules=rules))
    assert line.amount == Decimal("224.22")


def test_late_notice_art_3_does_not_cover_decision(make):
    notice = told("ada", WEEK[0], "2026-06-01 10:00")
    rules = single("decision")
    line = only_line(make([shift("ada", *WEEK)], (), [notice], month="2026-06", rules=rules))
    assert line.amount == Decimal("121.00")


# --- question écrite n° 5880, 15 May 2018; CDG44, September 2024 ----------------------------


def test_qe_5880_the_week_is_seven_nights_a_saturday_and_a_sunday():
    parts = {name: Decimal(amount) for name, amount in EXPLOITATION.items()}
    assert 7 * parts["night"] + parts["saturday"] + parts["sunday"] == parts["week"]
    assert 3 * parts["night"] + parts["saturday"] + parts["sunday"] == parts["weekend"]


def test_qe_5880_a_holiday_from_monday_to_friday_adds_46_55(make):
    days = shift("ada", "2026-07-10 19:00", "2026-07-17 19:00")  # Tuesday 14 July
    line = only_line(make([days], month="2026-07", rules=single()))
    assert line.package == "week"
    assert [step.amount for step in line.steps] == [Decimal("159.20"), Decimal("46.55")]
    assert line.amount == Decimal("205.75")


def test_qe_5880_a_holiday_on_saturday_takes_the_place_of_the_saturday(make):
    days = shift("ada", "2026-08-14 19:00", "2026-08-21 19:00")  # Saturday 15 August
    line = only_line(make([days], month="2026-08", rules=single()))
    assert line.steps[1].formula == "− 37,40 + 46,55 = 9,15"
    assert line.amount == Decimal("168.35")


def test_qe_5880_a_holiday_on_sunday_changes_nothing(make):
    days = shift("ada", "2026-10-30 19:00", "2026-11-06 19:00")  # Sunday 1 November
    line = only_line(make([days], month="2026-11", rules=single()))
    assert line.holidays == ("Toussaint, dimanche 1er novembre",)
    assert line.amount == Decimal("159.20")


def test_packages_are_looked_up_securite_parts_make_148_58_not_149_48(make):
    parts = {name: Decimal(amount) for name, amount in SECURITE.items()}
    assert 7 * parts["night"] + parts["saturday"] + parts["sunday"] == Decimal("148.58")
    line = only_line(make([shift("ada", *WEEK)], month="2026-06", rules=single("securite")))
    assert line.amount == Decimal("149.48")


def test_packages_are_looked_up_decision_parts_make_129_85_not_121(make):
    parts = {name: Decimal(amount) for name, amount in DECISION.items()}
    assert 7 * parts["night"] + parts["saturday"] + parts["sunday"] == Decimal("129.85")
    line = only_line(make([shift("ada", *WEEK)], month="2026-06", rules=single("decision")))
    assert line.amount == Decimal("121.00")


# --- interventions ---------------------------------------------------------------------------

HOURS = {
    "weekday": ("2026-06-09 19:00", "2026-06-09 20:00"),
    "night": ("2026-06-09 23:00", "2026-06-10 00:00"),
    "saturday": ("2026-06-06 10:00", "2026-06-06 11:00"),
    "sunday": ("2026-06-07 10:00", "2026-06-07 11:00"),
    "holiday": ("2026-07-14 10:00", "2026-07-14 11:00"),
}


def hour(make, kind, rules):
    start, end = HOURS[kind]
    statement = make((), [work("ada", start, end)], month=end[:7], rules=rules)
    (line,) = statement.agents[0].interventions
    (segment,) = line.segments
    assert (segment.kind, segment.minutes) == (kind, 60)
    return segment


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("weekday", 16), ("night", 22), ("saturday", 22), ("sunday", 22), ("holiday", 22)],
)
def test_intervention_of_an_engineer_arrete_14_april_2015(make, kind, amount):
    segment = hour(make, kind, single())
    assert (segment.amount, segment.rest_minutes) == (Decimal(amount), 0)


@pytest.mark.parametrize(
    ("kind", "minutes"),
    [("weekday", 60), ("saturday", 75), ("night", 90), ("sunday", 120), ("holiday", 120)],
)
def test_rest_for_an_intervention_legiarti000030485720(make, kind, minutes):
    segment = hour(make, kind, single(compensation="rest"))
    assert (segment.rest_minutes, segment.amount) == (minutes, 0)
    assert segment.basis.source.endswith("(LEGIARTI000030485720)")


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("weekday", 16), ("saturday", 20), ("night", 24), ("sunday", 32), ("holiday", 32)],
)
def test_intervention_out_of_the_technical_stream_legifrance(make, kind, amount):
    segment = hour(make, kind, single(stream="non_technical"))
    assert segment.amount == Decimal(amount)
    assert segment.basis.trust == "verified"


def test_intervention_of_a_technician_is_overtime_that_payroll_prices(make):
    segment = hour(make, "night", single(ihts=True))
    assert segment.amount is None
    assert segment.basis.trust == "unverified"


def test_travel_is_counted_as_it_was_conseil_d_etat_472381(make):
    trip = work(
        "ada",
        "2026-06-09 19:10",
        "2026-06-09 20:30",
        left_at=at("2026-06-09 19:20"),
        arrived_at=at("2026-06-09 19:57"),
        returned_at=at("2026-06-09 21:12"),
        on_site=True,
    )
    (line,) = make((), [trip], month="2026-06", rules=single()).agents[0].interventions
    assert (line.travel_out, line.travel_back) == (37, 42)
    assert line.minutes == 122
    assert line.amount == Decimal("32.53")


# --- true hours ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-27 19:00", "2026-04-03 19:00", 167),
        ("2026-10-23 19:00", "2026-10-30 19:00", 169),
        ("2026-06-05 19:00", "2026-06-12 19:00", 168),
    ],
)
def test_the_week_of_a_clock_change_has_167_or_169_hours(make, start, end, hours):
    line = only_line(make([shift("ada", start, end)], month=end[:7], rules=single()))
    assert (line.minutes, line.span_minutes) == (hours * 60, hours * 60)
    assert line.amount == Decimal("159.20")


@pytest.mark.parametrize(
    ("night", "hours", "amount"),
    [("2026-03-28", 8, "8.60"), ("2026-10-24", 10, "10.75"), ("2026-06-06", 9, "8.60")],
)
def test_the_night_22_h_7_h_of_a_clock_change_has_8_or_10_hours(make, night, hours, amount):
    morning = f"{night[:8]}{int(night[8:]) + 1:02d}"
    line = only_line(
        make([shift("ada", f"{night} 22:00", f"{morning} 07:00")], month=night[:7], rules=single())
    )
    assert (line.minutes, line.amount) == (hours * 60, Decimal(amount))


# --- Alsace-Moselle: CGFP L621-10, Code du travail L3134-13, ordinance of 16 August 1892 ------


@pytest.mark.parametrize(
    ("local_law", "good_friday", "amount"),
    [(False, False, "159.20"), (True, False, "159.20"), (True, True, "205.75")],
)
def test_good_friday_ordinance_1892_only_where_there_is_a_protestant_church(
    make, local_law, good_friday, amount
):
    holidays = HolidaySettings(alsace_moselle=local_law, good_friday=good_friday)
    days = shift("ada", "2027-03-19 19:00", "2027-03-26 19:00")  # Good Friday is 26 March
    line = only_line(make([days], month="2027-03", rules=single(), holidays=holidays))
    assert line.amount == Decimal(amount)


@pytest.mark.parametrize(("local_law", "amount"), [(False, "159.20"), (True, "168.35")])
def test_26_december_l3134_13(make, local_law, amount):
    holidays = HolidaySettings(alsace_moselle=local_law)
    days = shift("ada", "2026-12-25 19:00", "2027-01-01 07:00")  # Saturday 26 December
    line = only_line(make([days], month="2027-01", rules=single(), holidays=holidays))
    assert line.amount == Decimal(amount)
