"""Who is on duty, when, and why: a pure engine over wall-clock rules, and their file."""

from alertmanager.rosters.book import RosterBook
from alertmanager.rosters.calendar import DayKind
from alertmanager.rosters.duty import Duty, Gap, Person, RosterError, Shift, UnknownName, Verdict
from alertmanager.rosters.loader import load_rosters, rosters_of

__all__ = [
    "DayKind",
    "Duty",
    "Gap",
    "Person",
    "RosterBook",
    "RosterError",
    "Shift",
    "UnknownName",
    "Verdict",
    "load_rosters",
    "rosters_of",
]
