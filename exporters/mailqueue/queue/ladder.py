"""The best way of reading the queues that we are permitted. Rights are never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from exporters.mailqueue.queue.snapshot import NotPermitted, ReadFailed, Snapshot


class Reader(Protocol):
    """One way of reading the queues."""

    @property
    def method(self) -> str:
        """Its name in the metric."""
        ...

    def read(self) -> Iterator[Snapshot]:
        """One round, the last snapshot being the whole. Raise NotPermitted or ReadFailed."""
        ...


class Ladder:
    """Tries the readers in order at each round: a right given meanwhile is used at once.

    Only a missing right leads to the next step. A spool that is permitted and broken is told.
    """

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers

    def read(self) -> Iterator[Snapshot]:
        """One round with the first reader permitted. Raise ReadFailed, naming each refusal."""
        refusals: list[str] = []
        for reader in self._readers:
            try:
                yield from reader.read()
            except NotPermitted as refusal:
                refusals.append(str(refusal))
            except ReadFailed as failure:
                raise ReadFailed(" ; ".join([*refusals, str(failure)])) from None
            else:
                return
        raise ReadFailed(" ; ".join(refusals))
