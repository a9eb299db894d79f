"""What a change of the duty may be refused for.

DutyError               the message (French) says what, and what would be right
├── DutyNotFound        nothing has that number
└── DutyRefused         it makes no sense, or is somebody else's to decide
"""

from __future__ import annotations


class DutyError(Exception):
    """A change of the duty could not be made."""


class DutyNotFound(DutyError, LookupError):
    """No change, leave or swap has that number."""


class DutyRefused(DutyError, ValueError):
    """It makes no sense in the present state, or is not that person's to decide."""
