"""Who rests too little, as far as a plan can tell. Pure.

Duty outside an intervention counts as rest, so most breaches of the 11 h of each day and of the
35 h of each week (décret 2000-815, art. 3-I) only show in the interventions: see the duty
statement. From the plan alone, three things are seen:

- somebody on duty for longer than the site admits, without 35 h free of duty in between. No text
  found sets that length: it is `Limits.longest_duty`;
- less than 11 h between two days of work;
- no 35 h without work within seven days.

Work, here, is to answer for a roster while the office is open. What else people work, the plan
does not know.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from alertmanager.rosters.spans import Span, common, joined

DAILY_REST = timedelta(hours=11)
WEEKLY_REST = timedelta(hours=35)
_WEEK = timedelta(days=7)


def lookback(longest_duty: timedelta) -> timedelta:
    """How far before a span what happened there decides what is found in it."""
    return max(longest_duty, _WEEK) + WEEKLY_REST


def too_long(duty: Sequence[Span], longest: timedelta) -> Iterator[Span]:
    """What comes after `longest` of duty that no 35 h interrupt."""
    for start, end in _unrested(duty):
        if end - start > longest:
            yield start + longest, end


def short_nights(duty: Sequence[Span], openings: Sequence[Span]) -> Iterator[Span]:
    """What is worked before the 11 h since the day before are over. `openings`: one a day."""
    starts = [opened[0] for opened in openings]
    days: dict[int, Span] = {}
    for start, end in common(duty, openings):
        day = bisect_right(starts, start)
        days[day] = (days[day][0] if day in days else start, end)
    for before, after in pairwise(days.values()):
        rested = before[1] + DAILY_REST
        if after[0] < rested:
            yield after[0], min(rested, after[1])


def weeks_without_rest(duty: Sequence[Span], openings: Sequence[Span]) -> Iterator[Span]:
    """What is worked when seven days can no longer hold 35 h without work."""
    longest = _WEEK - WEEKLY_REST
    for start, end in _unrested(list(common(duty, openings))):
        if end - start > longest:
            yield start + longest, end


def _unrested(spans: Sequence[Span]) -> list[Span]:
    """From one rest of 35 h to the next."""
    return joined(spans, pause=WEEKLY_REST - timedelta.resolution)
