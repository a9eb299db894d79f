"""The collector `mailblocklist`: our outgoing addresses on the block lists of others."""

from __future__ import annotations

import random
from collections.abc import Iterator

import dns  # noqa: F401 - absent without the extra: said before the configuration is accepted
from prometheus_client.core import Metric

from exporters.mailqueue.blocklist.metrics import families
from exporters.mailqueue.blocklist.settings import BlocklistSettings, faults
from exporters.toolkit.collector import CollectorPlugin, Context, Deadline


class BlocklistCollector:
    """The lists are asked in a thread; a scrape only renders what they said last."""

    def __init__(self, settings: BlocklistSettings, context: Context) -> None:
        # The DNS library costs megabytes: only hosts that ask lists pay them (docs/adr/0007).
        from exporters.mailqueue.blocklist.rounds import Rounds  # noqa: PLC0415

        self._rounds = Rounds(settings, context.clock, random.random)
        self._rounds.start()

    def collect(self, _deadline: Deadline) -> Iterator[Metric]:
        """What is known now; families without series before the first round has ended."""
        yield from families(*self._rounds.state())

    def close(self) -> None:
        """Ask no more."""
        self._rounds.stop()


PLUGIN = CollectorPlugin(
    name="mailblocklist",
    summary="Nos adresses d'envoi sur les listes noires DNS des autres",
    settings=BlocklistSettings,
    build=BlocklistCollector,
    check=faults,
)
