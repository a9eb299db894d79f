"""Several logs read as one: Postfix's, and Dovecot's own beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import Any

from exporters.mailqueue.log.source import LogSource
from exporters.toolkit.collector import CollectorError


class PartlyUnreadable(CollectorError):
    """Some of the logs cannot be read; the others were."""


class SeveralLogs:
    """The lines of all `logs`, a block of each in turn: a `LogSource`.

    Turns keep them side by side in time while they are being caught up with. One that cannot
    be read keeps none of the others from being read, and is then an error.
    """

    def __init__(self, logs: Mapping[str, LogSource]) -> None:
        self._logs = dict(logs)

    def blocks(self) -> Generator[tuple[bytes, bool], None, None]:
        """(whole lines, whether they are of the past) up to the end of what is there now.

        May be left at any block; the next call goes on after it. Raise PartlyUnreadable once
        the others are read, CollectorError if none is, naming each log that cannot be.
        """
        faults: list[str] = []
        with contextlib.ExitStack() as stack:
            turns = [
                stack.enter_context(contextlib.closing(log.blocks())) for log in self._logs.values()
            ]
            while turns:
                for turn in list(turns):
                    try:
                        block = next(turn)
                    except StopIteration:
                        turns.remove(turn)
                    except CollectorError as error:
                        faults.append(str(error))
                        turns.remove(turn)
                    else:
                        yield block
        if faults:
            kind = CollectorError if len(faults) == len(self._logs) else PartlyUnreadable
            raise kind(" — ".join(faults))

    def position(self) -> dict[str, Any]:
        """Where each log is: of one instant, between two blocks."""
        return {name: log.position() for name, log in self._logs.items()}

    def behind(self) -> int | None:
        """Bytes written and not read yet, of all; None: some, how many is not known."""
        counts = [log.behind() for log in self._logs.values()]
        return None if None in counts else sum(count or 0 for count in counts)

    def close(self) -> None:
        """Close them all."""
        for log in self._logs.values():
            log.close()
