"""iCalendar (RFC 5545): duty as a feed that a telephone subscribes to, leave read from a file."""

from alertmanager.rosters.ical.errors import LeaveRefused
from alertmanager.rosters.ical.export import person_feed, roster_feed
from alertmanager.rosters.ical.leave_import import read_leave
from alertmanager.rosters.ical.whole import SequenceOf

__all__ = ["LeaveRefused", "SequenceOf", "person_feed", "read_leave", "roster_feed"]
