"""What an answer of a block list means. Pure.

An error answer is not a listing: lists answer 127.255.255.x to who asks through an open
resolver, or too often, and a hijacked resolver answers everything with its own web server.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

_ANSWERS = ipaddress.ip_network("127.0.0.0/8")
_ERRORS = ipaddress.ip_network("127.255.255.0/24")


@dataclass(frozen=True)
class Verdict:
    """`why`: the answers, for a listing; what went wrong (French), for an error."""

    state: Literal["listed", "clean", "error"]
    why: str = ""


CLEAN = Verdict("clean")


def verdict(answers: Iterable[str], error_answers: Sequence[ipaddress.IPv4Network] = ()) -> Verdict:
    """The meaning of the A records of an answer; none of them means not listed.

    `error_answers`: what this list says instead of an answer, beside 127.255.255.0/24.
    """
    found = sorted(ipaddress.IPv4Address(text) for text in answers)
    for address in found:
        if address not in _ANSWERS:
            return Verdict("error", f"réponse {address}, hors de 127.0.0.0/8 : résolveur détourné")
        if address in _ERRORS or any(address in network for network in error_answers):
            return Verdict("error", f"la liste refuse de répondre ({address})")
    return Verdict("listed", ", ".join(map(str, found))) if found else CLEAN
