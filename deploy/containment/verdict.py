"""Whether a containment holds: what remains, if anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.containment.connections import Connection
from deploy.containment.journal import History
from deploy.containment.spool import Queued

STILL_TRYING = 600
"""Seconds: a try refused that recently means that somebody is still at it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`since`: Unix time from which nothing may have passed. Counts of messages and tries.

    `held`: by us and on hold still. `missing`: held by us, gone since without us. `others`: on
    hold, but not by us. `trying`: the last refused try is recent.
    """

    since: float
    submitted: int
    last_submission: float | None
    refused: int
    last_refused: int | None
    trying: bool
    queued: int
    held: int
    missing: int
    others: int
    sessions: int
    refusing: bool
    remains: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Nothing remains."""
        return not self.remains


def judge(
    history: History,
    *,
    since: float,
    submitted: Mapping[str, float],
    refused: list[int],
    messages: Mapping[str, Queued],
    connections: list[Connection],
    now: float,
    refusing: bool,
) -> Verdict:
    """From what was seen at `now`. `refusing`: every service asks the table, which names it."""
    after = [when for when in submitted.values() if when > since]
    tries = [when for when in refused if when >= int(since)]
    queued = sum(1 for message in messages.values() if message.queue != "hold")
    on_hold = {name for name, message in messages.items() if message.queue == "hold"}
    missing = history.held - messages.keys()
    remains: list[str] = []
    if not refusing:
        remains.append("Postfix ne refuse pas ce compte")
    if after:
        remains.append(f"messages acceptés depuis : {len(after)}")
    if connections:
        remains.append(f"sessions SMTP ouvertes : {len(connections)}")
    if queued:
        remains.append(f"messages prêts à partir : {queued}")
    if missing:
        remains.append(f"messages retenus puis partis ou supprimés sans nous : {len(missing)}")
    return Verdict(
        since=since,
        submitted=len(after),
        last_submission=max(submitted.values(), default=None),
        refused=len(tries),
        last_refused=max(tries, default=None),
        trying=bool(tries) and now - max(tries) < STILL_TRYING,
        queued=queued,
        held=len(history.ours & on_hold),
        missing=len(missing),
        others=len(on_hold - history.ours),
        sessions=len(connections),
        refusing=refusing,
        remains=remains,
    )
