"""The SMS alphabet: GSM 7-bit default (3GPP TS 23.038, 6.2.1), its cost, and French made to fit."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")
"""Characters that cost two septets: an escape and themselves."""

SINGLE_SEPTETS = 160
PART_SEPTETS = 153
"""Septets in each part of a long message: 160 less the header that numbers it."""

_REPLACEMENTS = {
    "œ": "oe",
    "Œ": "OE",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "–": "-",
    "—": "-",
    "‑": "-",
    "−": "-",
    "…": "...",
    "•": "-",
    "·": ".",
    "×": "x",
    "⁄": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "→": "->",
    "°": "o",
    "`": "'",
}


_INSIDE_QUOTES = re.compile(r"«\s*|\s*»")


def is_gsm7(text: str) -> bool:
    """Whether every character exists in the alphabet."""
    return all(character in _BASIC or character in _EXTENSION for character in text)


def septets(text: str) -> int:
    """How many septets the text costs. Raise ValueError for a character outside the alphabet."""
    if not is_gsm7(text):
        raise ValueError("text outside the GSM 7-bit alphabet")
    return len(text) + sum(character in _EXTENSION for character in text)


def segments(text: str) -> int:
    """How many SMS the text takes; an escaped character never straddles two of them.

    Raise ValueError for a character outside the alphabet.
    """
    if septets(text) <= SINGLE_SEPTETS:
        return 1
    parts, used = 1, 0
    for character in text:
        cost = 2 if character in _EXTENSION else 1
        if used + cost > PART_SEPTETS:
            parts, used = parts + 1, 0
        used += cost
    return parts


def transliterate(text: str) -> str:
    """The text in one line of the alphabet: what it has is kept, the rest loses its accent.

    « word » becomes "word"; a character without any likeness becomes "?".
    """
    line = _INSIDE_QUOTES.sub('"', text)
    return " ".join("".join(_letter(character) for character in line).split())


@lru_cache(maxsize=4096)
def _letter(character: str) -> str:
    if character.isspace():
        return " "
    if is_gsm7(character):
        return character
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    # Controls, marks of direction, joiners; and marks that only change the sign before them.
    if unicodedata.category(character)[0] in "CM":
        return ""
    bare = "".join(_REPLACEMENTS.get(part, part) for part in bare)
    return bare if bare and is_gsm7(bare) else "?"


def cut(text: str, limit: int) -> str:
    """At most `limit` septets of the text, cut between words and closed by "...".

    Raise ValueError for a character outside the alphabet.
    """
    if septets(text) <= limit:
        return text
    if limit <= 3:
        return ""
    used, length = 0, 0
    for character in text:
        used += 2 if character in _EXTENSION else 1
        if used > limit - 3:
            break
        length += 1
    kept = text[:length]
    at_word = kept.rpartition(" ")[0]
    # A single long word (an address) is cut inside rather than lost.
    if len(at_word) * 2 >= len(kept):
        kept = at_word
    return kept.rstrip(" ,;:.-") + "..."
