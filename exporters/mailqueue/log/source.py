"""Where the lines of a mail log come from: what every source offers the collector."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol


class LogSource(Protocol):
    """Whole lines, each exactly once, also over restarts.

    The position and what was made of the lines before it must be saved together.
    """

    def blocks(self) -> Generator[tuple[bytes, bool], None, None]:
        """(whole lines, whether they are of the past) up to the end of what is there now.

        The past is what was there before the very first start. May be left at any block; the
        next call goes on after it. Raise CollectorError when the log cannot be read.
        """

    def position(self) -> dict[str, Any]:
        """Where the next call starts, for a later process: JSON; empty before the first start."""

    def behind(self) -> int | None:
        """Bytes written and not read yet; None: some, how many is not known."""

    def close(self) -> None:
        """Let go of files and processes; the position stays known."""
