"""The collector `maillog`: who submits how much, from how many places, by the mail log."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from threading import Lock

from prometheus_client.core import Metric

from exporters.mailqueue.country_database import CountryDatabase
from exporters.mailqueue.detector import Detection, Detector
from exporters.mailqueue.french_holidays import is_public_holiday
from exporters.mailqueue.log.allow_list import LiveBulkSenders, load_bulk_senders
from exporters.mailqueue.log.background import Background
from exporters.mailqueue.log.counters import counter_families
from exporters.mailqueue.log.former_state import former_file
from exporters.mailqueue.log.metrics import (
    delay_family,
    jam_families,
    log_families,
    recent_families,
    reload_family,
    score_families,
)
from exporters.mailqueue.log.pipeline import Pipeline, Queue
from exporters.mailqueue.log.reading import MARGIN, Reading
from exporters.mailqueue.log.resume import Resumed, resume
from exporters.mailqueue.log.saver import Saver
from exporters.mailqueue.log.settings import LogSettings, open_source, parser_of
from exporters.mailqueue.log.shown import Floor, choose
from exporters.mailqueue.log.source import LogSource
from exporters.mailqueue.log.stamp import StampReader
from exporters.mailqueue.log.state import StateFile
from exporters.toolkit.collector import (
    CollectorError,
    CollectorPlugin,
    Context,
    Deadline,
    SettingFault,
)
from inventory import Inventory
from inventory.process.logs import get_logger

HISTORY_BYTES = 64 << 20
"""How much of an existing log the windows and the detector see at the very first start."""
READ_SECONDS = 2.0
"""The log is read so often between scrapes, half a second long at most."""
_log = get_logger("vigie.maillog")


class LogCollector:
    """Reads what was written since the last time, at the scrape, and if wanted between scrapes.

    `between`: read every so many seconds without a scrape too, so that a flood's lines do not
    all wait for the next one.
    """

    def __init__(
        self,
        settings: LogSettings,
        context: Context,
        history: int = HISTORY_BYTES,
        between: float | None = None,
    ) -> None:
        self._settings = settings
        self._clock = context.clock
        self._members = [*(owner.id for owner in context.inventory.owners), ""]
        self._domains = {
            domain: owner.id for owner in context.inventory.owners for domain in owner.mail_domains
        }
        self._floor = Floor(
            settings.floor_recipients,
            settings.floor_addresses,
            settings.floor_score,
            settings.top_accounts,
        )
        self._label = settings.labeller()
        listed = settings.bulk_senders_file
        self._bulk_senders = LiveBulkSenders(listed) if listed is not None else None
        countries = settings.country_database
        self._countries = CountryDatabase(countries) if countries is not None else None
        self._reading = self._resume(context, history)
        self._lock = Lock()
        self._background = Background(self._between, between or READ_SECONDS, "maillog-read")
        if between is not None:
            self._background.start()

    def collect(self, deadline: Deadline) -> Iterator[Metric]:
        """Everything the log says up to now. Raise CollectorError when it cannot be read; of
        several logs, with what the others say.

        When there is more than the deadline allows, the rest waits for the next scrape.
        """
        with self._lock:
            if self._bulk_senders is not None:
                self._bulk_senders.refresh()
            self._tell(self._reading.advance(deadline))
            families = list(self._families(int(self._clock().timestamp())))
            fault = self._reading.fault
        if fault is not None:
            raise CollectorError(str(fault), families=families)
        yield from families

    def settle(self) -> None:
        """Wait until what is being saved is saved."""
        self._reading.settle()

    def close(self) -> None:
        """Save where we are and close the log."""
        self._background.stop()
        self._reading.close()
        if self._countries is not None:
            self._countries.close()

    def _resume(self, context: Context, history: int) -> Reading:
        settings, folder = self._settings, context.state_directory
        resumed, saver = Resumed(self._begin(), "", None, None, whole=True), None
        if folder is not None:
            file = StateFile(folder)
            resumed = resume(file, folder, self._begin)
            saver = Saver(file, whole=resumed.whole, former=former_file(folder))
        stamps = StampReader(context.clock, settings.stamp_zone)
        stamps.last = resumed.last
        return Reading(
            self._open(resumed, history),
            origin=settings.origin,
            parse=parser_of(settings, resumed.pipeline.exim),
            stamps=stamps,
            pipeline=resumed.pipeline,
            saver=saver,
            clock=context.clock,
        )

    def _begin(self) -> Pipeline:
        return Pipeline(self._settings.seconds.values(), self._domains, self._detector)

    def _detector(self, queue: Queue) -> Detector:
        country = self._countries.country if self._countries else None
        zone = self._settings.office_zone
        return Detector(zone, is_public_holiday, self._bulk_senders, queue, country)

    def _open(self, resumed: Resumed, history: int) -> LogSource:
        settings = self._settings
        if resumed.position is None:
            return open_source(settings, None, history)
        if resumed.origin == settings.origin:
            try:
                return open_source(settings, resumed.position, history)
            except ValueError:
                why = "position incompréhensible"
        else:
            why = "ce n'était pas le même journal"
        # What is there was counted, or is of another log: go on with what is written from now on.
        _log.warning("journal repris à sa fin", reason=why)
        return open_source(settings, None, 0)

    def _labels(self, account: str) -> tuple[str, str]:
        return self._label(account), self._reading.pipeline.tally.member_of(account)

    def _families(self, now: int) -> Iterator[Metric]:
        pipeline = self._reading.pipeline
        tally, detector = pipeline.tally, pipeline.detector
        recent = {
            label: tally.windows[seconds].totals(now)
            for label, seconds in self._settings.seconds.items()
        }
        # While lines wait, nobody is quiet yet: a theft under way must not look ended.
        reached = self._reading.reached(now)
        standing = {one.account: one for one in detector.standing(reached)}
        shown = choose(recent, standing.values(), self._floor)
        yield from recent_families(recent, shown, self._labels)
        countries = self._countries is not None
        yield from score_families(standing, shown, self._labels, countries=countries)
        yield from jam_families(detector.jam(reached))
        yield from counter_families(tally.counts, self._members)
        yield delay_family(tally.delays)
        lag, last = self._reading.lag(now), self._reading.last
        yield from log_families(self._settings.source, lag, last)
        if self._bulk_senders is not None:
            yield reload_family(self._bulk_senders.valid)

    def _between(self) -> None:
        # What goes wrong here goes wrong at the next scrape too, which says it.
        with contextlib.suppress(Exception), self._lock:
            self._tell(self._reading.advance(Deadline.after(2 * MARGIN)))

    def _tell(self, found: Iterable[Detection]) -> None:
        for one in found:
            _log.warning(
                "engorgement du courrier" if one.kind == "jam" else "compte sans doute détourné",
                account=self._label(one.account) if one.account else "",
                score=one.score,
                reasons=", ".join(f"{name} {value:g}" for name, value in one.reasons.items()),
            )


def _build(settings: LogSettings, context: Context) -> LogCollector:
    return LogCollector(settings, context, between=READ_SECONDS)


def _check(settings: LogSettings, _: Inventory) -> Iterator[SettingFault]:
    """Raise ConfigurationError with the faults of the file the settings name."""
    if settings.bulk_senders_file is not None:
        load_bulk_senders(settings.bulk_senders_file)
    yield from ()


PLUGIN = CollectorPlugin(
    name="maillog",
    summary="Journal du serveur de courrier : comptes authentifiés, livraisons, comptes volés",
    settings=LogSettings,
    build=_build,
    check=_check,
)
