"""Text from outside made safe for a spreadsheet, and instants as its dates."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

_STARTS_A_FORMULA = tuple("=+-@＝＋－＠")  # some take the wide forms too


def one_line(text: str) -> str:
    """The text on one line, without control characters."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return "".join(kept).strip()


def csv_text(text: str) -> str:
    """The text as a cell that no program takes for a formula.

    An apostrophe goes before what would start one: it is shown, which beats being run.
    """
    line = one_line(text)
    return f"'{line}" if line.startswith(_STARTS_A_FORMULA) else line


def wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """What clocks showed, without offset: spreadsheets know no zones."""
    return instant.astimezone(zone).replace(tzinfo=None)
