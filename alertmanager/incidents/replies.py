"""What a person answered by SMS or mail, and what it is for. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

_WORD = r"OK(?:AY)?|ACK|D'?ACCORD|(?:BIEN )?RECU|PRIS EN CHARGE|JE PRENDS(?: EN CHARGE)?|J'Y VAIS"
_ALL = re.compile(rf"(?:{_WORD}|A)\W*(?:POUR )?(?:TOUT|TOUTES|TOUS)(?!\w)", re.ASCII)
_TAKES = re.compile(rf"(?:{_WORD})\W*(?P<code>\d{{4}})?(?!\w)", re.ASCII)
_SHORT = re.compile(r"(?:A|OUI)\W*(?P<code>\d{4})(?!\w)|(?:A|OUI)\W*$", re.ASCII)
_CODE_FIRST = re.compile(rf"(?P<code>\d{{4}})\W*(?:{_WORD}|A)(?!\w)", re.ASCII)
_WRONG_CODE = re.compile(rf"(?:{_WORD}|A)\W*(?P<code>\d+)(?!\w)", re.ASCII)
_PUT_OFF = re.compile(
    r"(?:EN )?VEILLE\W*(?P<count>\d{1,3})\s*(?P<unit>H|HEURES?|MIN|MINUTES?)?"
    r"(?:\W+(?P<code>\d{4}))?(?!\w)",
    re.ASCII,
)
_LONGEST = timedelta(hours=24)
_READ = 2000
"""Characters of an answer that are read: what it says is at its beginning."""
_QUOTES = re.compile(
    r"^\s*(?:(?:Le|On)\b.{4,200}\b(?:a écrit|wrote)\s*:\s*$|-{2,}\s*(?:Message|Original|Forwarded)"
    r"|_{5,}\s*$|(?:De|From|Envoyé|Sent)\s*:\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reply:
    """Whether the text takes the incident, the code it names, if any, or `everything`.

    `put_off`: not taken, but put off for that long.
    """

    takes: bool
    code: str | None
    everything: bool = False
    put_off: timedelta | None = None


def own_words(text: str) -> str:
    """What the person wrote: without what their mail program quoted."""
    kept = []
    for line in text.splitlines():
        if _QUOTES.match(line):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept)


def parse_reply(text: str) -> Reply:
    """``OK``, ``ACK`` or ``A`` with a code, ``TOUT`` or alone, whatever the case and accents.

    Only the beginning counts: a signature may follow. A lone ``A`` or ``OUI`` must be the
    whole text, or "A demain" would take an incident. ``VEILLE 30 4821`` puts it off.
    """
    plain = unicodedata.normalize("NFKD", own_words(text[:_READ]).replace("’", "'"))
    # Accents fall, and so do the invisible marks that some telephones put around a text.
    shown = (c for c in plain if not (unicodedata.combining(c) or unicodedata.category(c) == "Cf"))
    line = "".join(shown).upper().lstrip()
    line = line.lstrip("«\"'([*-.,: ")
    off = _PUT_OFF.match(line)
    if off:
        hours = (off["unit"] or "").startswith("H")
        span = timedelta(hours=int(off["count"])) if hours else timedelta(minutes=int(off["count"]))
        fits = timedelta(0) < span <= _LONGEST
        return Reply(False, off["code"], put_off=span if fits else None)
    if _ALL.match(line):
        return Reply(True, None, everything=True)
    wrong = _WRONG_CODE.match(line)
    if wrong and len(wrong["code"]) != 4:
        return Reply(True, wrong["code"])
    found = _TAKES.match(line) or _SHORT.match(line) or _CODE_FIRST.match(line)
    return Reply(True, found["code"]) if found else Reply(False, None)


Verdict = Literal[
    "takes",
    "takes_all",
    "puts_off",
    "taken",
    "over",
    "unknown_code",
    "ambiguous",
    "nothing",
    "unclear",
]


@dataclass(frozen=True)
class Candidate:
    """An incident for which the sender was paged."""

    incident: str
    code: str
    state: str


@dataclass(frozen=True)
class Bundle:
    """A message of many incidents that the sender got, by its code."""

    code: str
    incidents: frozenset[str]


Match = tuple[Verdict, Sequence[Candidate]]
_OVER = ("resolved", "closed")


def match_reply(
    reply: Reply,
    candidates: Sequence[Candidate],
    bundles: Sequence[Bundle] = (),
    *,
    answered: Bundle | None = None,
    latest: Bundle | None = None,
) -> Match:
    """What the reply means, and for which incidents.

    `candidates` and `bundles`: what its sender was paged for, newest first. `answered`: the message
    that it quotes by itself (a mail). `latest`: the last message they got, if it was of many.
    """
    waiting = [c for c in candidates if c.state == "paging"]
    if not reply.takes and reply.put_off is None:
        return "unclear", ()
    if reply.everything:
        return ("takes_all", waiting) if waiting else ("nothing", ())
    if answered is not None:
        return _of_bundle(reply, answered, candidates)
    if reply.code is None:
        return _bare(reply, candidates, waiting, latest)
    named = next((c for c in candidates if c.code == reply.code), None)
    if named is not None:
        return _single(reply, named)
    bundle = next((b for b in bundles if b.code == reply.code), None)
    return ("unknown_code", ()) if bundle is None else _of_bundle(reply, bundle, candidates)


def _bare(
    reply: Reply,
    candidates: Sequence[Candidate],
    waiting: Sequence[Candidate],
    latest: Bundle | None,
) -> Match:
    """Without a code it is clear when one waits, or when all that wait were in the last message."""
    if len(waiting) == 1:
        return _single(reply, waiting[0])
    if waiting:
        covered = latest is not None and {c.incident for c in waiting} <= latest.incidents
        return _of_bundle(reply, latest, candidates) if latest and covered else ("ambiguous", ())
    taken = [c for c in candidates if c.state == "acknowledged"]
    return ("taken", taken) if len(taken) == 1 else ("nothing", ())


def _single(reply: Reply, one: Candidate) -> Match:
    if one.state in _OVER:
        return "over", (one,)
    if reply.put_off is not None:
        return "puts_off", (one,)
    return ("taken" if one.state == "acknowledged" else "takes"), (one,)


def _of_bundle(reply: Reply, bundle: Bundle, candidates: Sequence[Candidate]) -> Match:
    inside = [c for c in candidates if c.incident in bundle.incidents]
    if len(inside) == 1:
        return _single(reply, inside[0])
    if not inside:
        return "nothing", ()
    if reply.put_off is None:
        return "takes_all", inside
    left = [c for c in inside if c.state not in _OVER]
    return ("puts_off", left) if left else ("nothing", ())
