"""Which repetitions are computed: those of leave, in a time that one can know beforehand. Pure.

`dateutil` walks a rule from its first date, and one that nothing fulfils (every 30 February) to
the year 9999. So: only parts that calendars write for leave, only so many steps before the span,
and a rule that meets no day in 400 years, after which the calendar repeats, is refused.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

from alertmanager.rosters.ical.errors import LeaveRefused
from alertmanager.rosters.ical.sieve import Property

MAX_STEPS = 2000
"""Days, weeks, months or years between the first date of a rule and the end of the span."""

_PERIODS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
_NUMBERS = re.compile(r"-?\d{1,3}(,-?\d{1,3}){0,40}")
_DAYS = re.compile(r"(MO|TU|WE|TH|FR|SA|SU)(,(MO|TU|WE|TH|FR|SA|SU)){0,6}")
_PLACED_DAYS = re.compile(
    r"[+-]?[1-5]?(MO|TU|WE|TH|FR|SA|SU)(,[+-]?[1-5]?(MO|TU|WE|TH|FR|SA|SU)){0,40}"
)
_ALWAYS = {
    "FREQ": re.compile("|".join(_PERIODS)),
    "INTERVAL": re.compile(r"[1-9]\d{0,2}"),
    "COUNT": re.compile(r"[1-9]\d{0,3}"),
    "UNTIL": re.compile(r"\d{8}(T\d{6}Z?)?"),
    "WKST": re.compile("MO|TU|WE|TH|FR|SA|SU"),
}
_BY_MONTH_OR_YEAR = {
    "BYDAY": _PLACED_DAYS,
    "BYMONTH": _NUMBERS,
    "BYMONTHDAY": _NUMBERS,
    "BYSETPOS": _NUMBERS,
}
_EXPECTED = (
    "une répétition par jour, semaine, mois ou année (FREQ, INTERVAL, COUNT ou UNTIL, BYDAY ;"
    " par mois ou année aussi BYMONTH, BYMONTHDAY, BYSETPOS)"
)
_CYCLE = 400


def check_rule(rule: Property, starts: date, end: datetime) -> None:
    """Raise LeaveRefused unless `rule`, from `starts` on, is soon computed up to `end`."""
    parts = _parts(rule)
    frequency = parts["FREQ"]
    step = timedelta(days=_PERIODS[frequency] * int(parts.get("INTERVAL", "1")))
    first = datetime.combine(starts, time())
    if (end.replace(tzinfo=None) - first) / step > MAX_STEPS:
        raise LeaveRefused(
            f"répétition commencée le {starts:%d/%m/%Y}, il y a plus de {MAX_STEPS} fois",
            "une répétition qui commence plus tard",
            rule.line,
        )
    by = {key: text for key, text in parts.items() if key.startswith("BY")}
    if frequency in {"MONTHLY", "YEARLY"} and by and not _met(parts, first):
        raise LeaveRefused(f"la répétition {rule.value[:80]} ne tombe jamais", _EXPECTED, rule.line)


def _parts(rule: Property) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.value.upper().rstrip(";").split(";"):
        key, _, text = part.partition("=")
        if key in parts:
            raise LeaveRefused(f"{key} en double dans une répétition", "un seul", rule.line)
        parts[key] = text
    allowed = dict(_ALWAYS)
    if parts.get("FREQ") in {"DAILY", "WEEKLY"}:
        allowed["BYDAY"] = _DAYS
    else:
        allowed |= _BY_MONTH_OR_YEAR
    for key, text in parts.items():
        if key not in allowed or allowed[key].fullmatch(text) is None:
            what = f"répétition « {key[:20]}={text[:40]} » non lue"
            raise LeaveRefused(what, _EXPECTED, rule.line)
    if "FREQ" not in parts or {"COUNT", "UNTIL"} <= parts.keys():
        raise LeaveRefused("répétition sans FREQ, ou avec COUNT et UNTIL", _EXPECTED, rule.line)
    return parts


def _met(parts: dict[str, str], first: datetime) -> bool:
    """Whether any day of the 400 years from `first` on is of the rule.

    Asked as late before the year 9999, where `dateutil` stops, as the calendar is the same.
    """
    cycles = (date.max.year - _CYCLE - first.year) // _CYCLE
    late = first.replace(year=first.year + cycles * _CYCLE)
    text = ";".join(f"{key}={text}" for key, text in parts.items() if key not in {"COUNT", "UNTIL"})
    try:
        return next(iter(rrulestr(text, dtstart=late)), None) is not None
    except ValueError:  # a number out of bounds: the 40th of a month
        return False
