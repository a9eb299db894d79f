"""Notice of every change of the duty to those it concerns, in the caller's transaction.

Each is told once, with rows that name the message: its state is the proof of when, and whether,
it arrived. At night, and while a person is told enough already, it waits; what was changed back
meanwhile is told to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alertmanager.delivery import duty_text
from alertmanager.duty.compared import Piece, Told, from_json, pieces, to_json, told_of, within
from alertmanager.duty.rows import changes, leaves
from alertmanager.duty.telling import tell_one
from alertmanager.incidents.desk import Desk
from alertmanager.rosters import RosterBook
from alertmanager.rosters.spans import joined
from alertmanager.store.duty_tables import DutyNotice, DutySnapshot
from alertmanager.store.journal import write_line

AHEAD = timedelta(days=400)
"""How far ahead people are told of changes."""
_FRESH = timedelta(days=1)
_SOON = timedelta(hours=24)
"""What begins sooner is told at night too."""
_LISTED = 50
"""Pieces that the journal lists one by one."""


def notify_changes(session: Session, desk: Desk, book: RosterBook, now: datetime) -> bool:
    """Tell whoever gained or lost duty since people were last told; False: some must wait.

    What the store says of the duty is read in this transaction: another process may know better
    than `book`. Where nobody is to be told of changes, what was told before is forgotten.
    """
    if not book.notices.changes:
        session.execute(delete(DutySnapshot))
        return True
    book = book.with_changes(changes(session, now), leaves(session, now))
    until = now + AHEAD
    present: Told = told_of(book, now, until)
    kept = session.scalars(select(DutySnapshot).order_by(DutySnapshot.id).limit(1)).first()
    if kept is None:
        session.add(DutySnapshot(taken_at=now, until=until, shifts=to_json(present)))
        return True
    before = from_json(kept.shifts)
    found = pieces(before, present, (now, min(kept.until, until)))
    by_person = sorted(found, key=lambda piece: piece.person)  # stable: their starts stay in order
    held = {
        person
        for person, theirs in groupby(by_person, key=lambda piece: piece.person)
        if not _notify(session, desk, book, list(theirs), now)
    }
    some_were_told = any(piece.person not in held for piece in found)
    if some_were_told or now - kept.taken_at >= _FRESH:
        known = _as_told(before, present, held, (now, kept.until, until))
        kept.taken_at, kept.until, kept.shifts = now, until, to_json(known)
    return not held


def _as_told(
    before: Told, present: Told, held: set[str], at: tuple[datetime, datetime, datetime]
) -> Told:
    """The rosters of now; for those who are not told yet, as they were, and only then as of now."""
    now, known_until, until = at
    told = {key: spans for key, spans in present.items() if key[1] not in held}
    for key in {*before, *present}:
        if key[1] in held:
            old = within(before.get(key, ()), (now, known_until))
            told[key] = joined([*old, *within(present.get(key, ()), (known_until, until))])
    return told


def _notify(
    session: Session, desk: Desk, book: RosterBook, theirs: Sequence[Piece], now: datetime
) -> bool:
    """Tell one person what changes for them; False: later."""
    soon = any(piece.start < now + _SOON for piece in theirs)
    if not soon and book.notices.morning(now, book.zone) is not None:
        return False
    who = theirs[0].person
    text = duty_text.change_text(
        [_shown(book, piece) for piece in theirs if piece.kind == "gained"],
        [_shown(book, piece) for piece in theirs if piece.kind == "lost"],
        now,
        book.zone,
    )
    person = next((known for known in book.persons if known.id == who), None)
    key = f"notice:{who}:{now.timestamp():.6f}"
    sent = tell_one(session, desk, person, ("notice", key, text), now)
    if sent.later:
        return False
    for piece in theirs:
        session.add(
            DutyNotice(
                key=_key(piece, now),
                kind=piece.kind,
                person=who,
                roster=piece.roster,
                starts_at=piece.start,
                ends_at=piece.end,
                decided_at=now,
                message_id=sent.message_id,
            )
        )
    write_line(
        session,
        now,
        "duty.notified",
        person=who,
        count=len(theirs),
        pieces=[
            [piece.kind, piece.roster, piece.start.isoformat(), piece.end.isoformat()]
            for piece in theirs[:_LISTED]
        ],
        **sent.facts,
    )
    return True


def _shown(book: RosterBook, piece: Piece) -> duty_text.Piece:
    known = piece.roster in book.roster_ids
    name = book.roster_name(piece.roster) if known else piece.roster
    return duty_text.Piece(name, piece.start, piece.end)


def _key(piece: Piece, now: datetime) -> str:
    span = f"{int(piece.start.timestamp())}:{int(piece.end.timestamp())}"
    return f"{piece.kind}:{piece.roster}:{piece.person}:{span}:{now.timestamp():.3f}"
