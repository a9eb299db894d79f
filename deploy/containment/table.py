"""The text of a Postfix table: which of its lines speak of an account. Pure. Source: postmap(1)."""

from __future__ import annotations

from collections.abc import Iterator


def lines_about(name: str, text: str) -> tuple[str, ...]:
    """The lines whose key is `name`, whoever wrote them, with those that continue them.

    Postfix folds keys to lower case; a line that begins with white space belongs to the one
    before, also across comments and empty lines.
    """
    return tuple(line for key, line in _keyed(text) if key == name.lower())


def _keyed(text: str) -> Iterator[tuple[str, str]]:
    key = ""
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not line[0].isspace():
            key = words[0].lower()
        yield key, line
