"""What a person wrote in a reply, without what they quoted and their signature. Pure."""

from __future__ import annotations

import re
from html import unescape

_MOST, _MOST_HTML = 32 << 10, 128 << 10
"""Letters that are read: an answer is a word, but styles may stand before it."""

_ATTRIBUTION = (
    re.compile(  # "Le ven. 1 mai 2026 à 07:12, Vigie <…> a écrit :", on two lines perhaps
        r"^(?:Le|On|Am)\b[^\n]{0,120}?\d[^\n]{0,120}(?:\n[^\n]{0,120}?)?"
        r"(?:\ba écrit|\bwrote|\bschrieb[^\n]{0,80}?)[ \t]*:[ \t]*$",
        re.MULTILINE,
    )
)
_OTHER_MAIL = re.compile(
    r"^[ \t]*(?:-{2,}[ \t]*(?:Original Message|Message d'origine|Message original|Message transféré"
    r"|Forwarded message)[ \t]*-{2,}|_{10,}|\*?(?:De|From)[ \t]*:\*?[ \t].{0,200}\n"
    r"[ \t]*\*?(?:Envoyé|Sent|Date|À|To)\b[^\n:]{0,20}:)",
    re.MULTILINE | re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"^(?:--[ \t]*|(?:Envoyé (?:de|depuis|avec|à partir)|Sent (?:from|with)"
    r"|Télécharge[rz] Outlook|Get Outlook)\b.*)$",
    re.MULTILINE,
)


def written(text: str) -> str:
    """The lines that are their own: above what is quoted, below it, or between."""
    text = text[:_MOST].replace("\r\n", "\n").replace("\xa0", " ").replace("’", "'")
    for mark in (_OTHER_MAIL, _SIGNATURE):
        found = mark.search(text)
        if found:
            text = text[: found.start()]
    text = _ATTRIBUTION.sub("", text)
    own = [line.rstrip() for line in text.split("\n") if not line.lstrip().startswith(">")]
    return "\n".join(own).strip()


_SILENT = frozenset({"style", "script", "head", "title", "blockquote"})
_BREAKS = frozenset({"p", "div", "br", "tr", "li", "hr", "h1", "h2", "h3", "table", "blockquote"})
# Each sign is looked at once: the library's own parser takes time squared for "<a <a <a".
_PIECE = re.compile(r"<(?P<end>/?)(?P<tag>[A-Za-z][A-Za-z0-9]*)[^<>]*>|<[^<>]*>|[^<]+|<")


def text_of_html(html: str) -> str:
    """The words of an HTML mail, with the breaks between its lines, without what it quotes."""
    words: list[str] = []
    silent: list[str] = []
    for piece in _PIECE.finditer(_without_comments(html[:_MOST_HTML])):
        tag = (piece["tag"] or "").lower()
        if tag in _BREAKS:
            words.append("\n")
        if tag in _SILENT and not piece["end"]:
            silent.append(tag)
        elif silent and silent[-1] == tag:
            silent.pop()
        elif not silent and not piece[0].startswith("<"):
            words.append(unescape(piece[0]).replace("\n", " "))
    lines = (" ".join(line.split()) for line in "".join(words).split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


def _without_comments(html: str) -> str:
    kept = []
    at = 0
    while (opened := html.find("<!--", at)) >= 0:
        kept.append(html[at:opened])
        closed = html.find("-->", opened)
        if closed < 0:
            return "".join(kept)
        at = closed + len("-->")
    return "".join([*kept, html[at:]])
