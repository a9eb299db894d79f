"""Checksums as ``sha256sum`` writes them: one file for all, or one beside each dump. Pure."""

from __future__ import annotations

import re

from exporters.backup.errors import Unreadable

ALL = "SHA256SUMS"
ONE = ".sha256"
_LINE = re.compile(r"\\?([0-9a-fA-F]{64}) [ *](.+)")


def is_manifest(name: str) -> bool:
    """Whether a file of that name holds checksums, not a dump."""
    return name == ALL or name.endswith(ONE)


def parse_manifest(text: str, where: str) -> dict[str, str]:
    """File name -> SHA-256 in lower case. Raise Unreadable ("parse"), with the line.

    Folders before a name are dropped: a manifest is about the folder it lies in.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            raise Unreadable("parse", f"{where}:{number} : ce n'est pas une ligne de sha256sum")
        found[match[2].rpartition("/")[2]] = match[1].lower()
    return found
