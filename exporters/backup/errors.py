"""Why a repository could not be read.

Unreadable     a repository could not be read; carries one of `REASONS`
└── Damaged    it could be read, and some recovery points are lost; carries what is left
"""

from __future__ import annotations

from typing import Literal, get_args

from exporters.backup.contents import Contents
from exporters.toolkit.collector import CollectorError

Reason = Literal[
    "unreachable",
    "auth",
    "locked",
    "missing",
    "corrupt",
    "timeout",
    "parse",
    "tool_missing",
    "none",
]
REASONS: tuple[Reason, ...] = get_args(Reason)


class Unreadable(CollectorError):
    """A repository could not be read: why in one word, and what the tool said (never exported)."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Damaged(Unreadable):
    """Some recovery points cannot be read; `contents` has the others."""

    def __init__(self, contents: Contents, detail: str) -> None:
        super().__init__("corrupt", detail)
        self.contents = contents
