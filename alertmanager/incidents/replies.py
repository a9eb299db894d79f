"""What a person answered by SMS, and which incident it is for. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_WORD = r"OK|ACK|D'?ACCORD|RECU"
_TAKES = re.compile(rf"(?:{_WORD})\W*(?P<code>\d{{4}})?(?!\w)", re.ASCII)
_SHORT = re.compile(r"A\W*(?P<code>\d{4})(?!\w)|A\W*$", re.ASCII)
_CODE_FIRST = re.compile(rf"(?P<code>\d{{4}})\W*(?:{_WORD}|A)(?!\w)", re.ASCII)
_WRONG_CODE = re.compile(rf"(?:{_WORD}|A)\W*(?P<code>\d+)(?!\w)", re.ASCII)


@dataclass(frozen=True)
class Reply:
    """Whether the text takes the incident, and the code it names, if any."""

    takes: bool
    code: str | None


def parse_reply(text: str) -> Reply:
    """``OK``, ``ACK`` or ``A`` with a code or alone, whatever the case and accents.

    Only the beginning counts: a signature may follow. A lone ``A`` must be the
    whole text, or "A demain" would take an incident.
    """
    plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
    # Accents fall, and so do the invisible marks that some telephones put around a text.
    shown = (c for c in plain if not (unicodedata.combining(c) or unicodedata.category(c) == "Cf"))
    line = "".join(shown).upper().lstrip()
    line = line.lstrip("«\"'([*-.,: ")
    wrong = _WRONG_CODE.match(line)
    if wrong and len(wrong["code"]) != 4:
        return Reply(True, wrong["code"])
    found = _TAKES.match(line) or _SHORT.match(line) or _CODE_FIRST.match(line)
    return Reply(True, found["code"]) if found else Reply(False, None)


Verdict = Literal["takes", "taken", "over", "unknown_code", "ambiguous", "nothing", "unclear"]


@dataclass(frozen=True)
class Candidate:
    """An incident for which the sender was paged."""

    incident: str
    code: str
    state: str


def match_reply(reply: Reply, candidates: list[Candidate]) -> tuple[Verdict, Candidate | None]:
    """What the reply means, given the incidents its sender was paged for, newest first."""
    waiting = [c for c in candidates if c.state == "paging"]
    if not reply.takes:
        return "unclear", None
    if reply.code is None:
        if len(waiting) == 1:
            return "takes", waiting[0]
        if waiting:
            return "ambiguous", None
        taken = [c for c in candidates if c.state == "acknowledged"]
        return ("taken", taken[0]) if len(taken) == 1 else ("nothing", None)
    named = next((c for c in candidates if c.code == reply.code), None)
    if named is None:
        return "unknown_code", None
    verdicts: dict[str, Verdict] = {"acknowledged": "taken", "resolved": "over"}
    return verdicts.get(named.state, "takes"), named
