"""Postfix's main.cf as data. Source: postconf(5), "The general format"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\}|\((\w+)\))")
_DEPTH = 16


class UnresolvedParameter(ValueError):
    """A value uses what we do not evaluate: a condition, a table, or itself."""


def logical_lines(lines: Iterable[str]) -> list[str]:
    """Lines joined with their continuations (they begin with white space); no comments."""
    joined: list[str] = []
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if line[0].isspace() and joined:
            joined[-1] += " " + text
        else:
            joined.append(text)
    return joined


def parse_main_cf(text: str) -> dict[str, str]:
    """Parameters as written; a later one replaces an earlier one, as in Postfix."""
    values: dict[str, str] = {}
    for line in logical_lines(text.splitlines()):
        name, equals, value = line.partition("=")
        if equals:
            values[name.strip()] = value.strip()
    return values


def resolve(values: Mapping[str, str], name: str, default: str) -> str:
    """The value of a parameter with ``$name`` replaced. Raise UnresolvedParameter."""
    value = values.get(name, default)
    for _ in range(_DEPTH):
        if "$" not in value:
            return value
        fresh = _REFERENCE.sub(lambda m: values.get(m[1] or m[2] or m[3], ""), value)
        if fresh == value:
            break
        value = fresh
    raise UnresolvedParameter(f"{name} = {values.get(name, default)}")
