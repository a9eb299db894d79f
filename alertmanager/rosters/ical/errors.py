"""Why a calendar of leave is not read."""

from __future__ import annotations


class LeaveRefused(ValueError):
    """The calendar is not read, not even in part. The message is French: where, what, what then.

    Half a calendar of leave would page people who are away, and nobody would know.
    """

    def __init__(self, what: str, expected: str, line: int | None = None) -> None:
        where = f"ligne {line} : " if line is not None else ""
        super().__init__(f"{where}{what} ; attendu : {expected}")
        self.line = line
