"""A real Postfix or journald for each test, and the collectors pointed at it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from prometheus_client.core import Metric

from deploy.estate.child import wait_until
from deploy.estate.journald import Journald
from deploy.estate.mail import MailServer
from deploy.estate.mail_store import MailStore
from deploy.estate.ports import LOOPBACK, Ports, free_base
from exporters.mailqueue.log.journal import Journal
from exporters.mailqueue.log.journalctl import Journalctl
from exporters.mailqueue.log.settings import LogSettings
from exporters.mailqueue.log_collector import LogCollector
from exporters.mailqueue.queue_collector import QueueCollector, QueueSettings
from exporters.toolkit.collector import Context, Deadline
from inventory import Inventory
from inventory.process import system_clock

ACCOUNTS = {
    "alice@ville-valmont.test": "alice-secret",
    "bruno@brecourt.test": "bruno-secret",
}


class Readings:
    """The samples of one scrape."""

    def __init__(self, families: list[Metric]) -> None:
        self.samples = [sample for family in families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float | None:
        """The value of the one series with these labels, or None."""
        found = [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) <= 1, found
        return found[0] if found else None


@pytest.fixture
def mail(open_folder: Path) -> Iterator[MailServer]:
    server = MailServer(
        open_folder / "mail",
        Ports(free_base()),
        ACCOUNTS,
        active_limit=20,
        slow_domains=["lent.test"],
        slow_seconds=3,
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def maillog(
    mail: MailServer, tmp_path: Path, example_inventory: Inventory
) -> Iterator[Callable[[], LogCollector]]:
    """Builds a collector of this server's log; each one goes on where the last one closed."""
    context = Context(example_inventory, system_clock, tmp_path)
    built: list[LogCollector] = []

    def build() -> LogCollector:
        built.append(LogCollector(LogSettings(path=mail.log), context))
        return built[-1]

    yield build
    for collector in built:
        collector.close()


@pytest.fixture
def mailqueue(mail: MailServer, example_inventory: Inventory) -> Iterator[QueueCollector]:
    settings = QueueSettings(
        queue_directory=mail.queue_directory,
        config_directory=mail.config_directory,
        scan_interval="1s",
        floor_messages=3,
    )
    collector = QueueCollector(settings, Context(example_inventory, system_clock))
    yield collector
    collector.close()


@pytest.fixture
def scrape() -> Callable[[LogCollector | QueueCollector], Readings]:
    return lambda collector: Readings(list(collector.collect(Deadline.after(5))))


@pytest.fixture
def passwords() -> dict[str, str]:
    return dict(ACCOUNTS)


@pytest.fixture
def journald(open_folder: Path) -> Iterator[Journald]:
    server = Journald(open_folder)
    yield server
    server.stop()


@pytest.fixture
def follow(journald: Journald) -> Callable[..., Journal]:
    """A reader of this journal that goes on at a position saved as JSON."""

    def build(position: dict[str, Any] | None = None, history: int = 0, **options: Any) -> Journal:
        saved = None if position is None else json.loads(json.dumps(position))
        return Journal(Journalctl(journald.directory, **options), saved, history)

    return build


@pytest.fixture
def said() -> Callable[[Iterable[tuple[bytes, bool]]], list[str]]:
    """The messages of blocks, each line checked to be new, whole and of the usual form."""

    def messages(blocks: Iterable[tuple[bytes, bool]]) -> list[str]:
        found = []
        for block, past in blocks:
            assert not past
            assert block.endswith(b"\n")
            for line in block.decode().splitlines():
                head, _, message = line.partition("]: ")
                assert re.fullmatch(
                    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 \S+ postfix/smtpd\[7", head
                )
                found.append(message)
        return found

    return messages


@pytest.fixture
def sees(said: Callable[[Iterable[tuple[bytes, bool]]], list[str]]) -> Callable[..., None]:
    """Reads until all that is wanted was said, and no more: journald takes its time."""

    def read(follower: Journal, *wanted: str) -> None:
        found: list[str] = []

        def all_said() -> bool:
            found.extend(said(follower.blocks()))
            return len(found) >= len(wanted)

        wait_until(all_said, "lignes")
        assert found == [*wanted]

    return read


@pytest.fixture
def store(open_folder: Path) -> Iterator[MailStore]:
    """A Dovecot with the mailboxes of ACCOUNTS, by IMAP and LMTP; each password is `secret`."""
    certificate = trustme.CA().issue_cert(LOOPBACK)
    certificate.private_key_pem.write_to_path(open_folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(open_folder / "cert.pem")
    base = free_base()
    server = MailStore(
        open_folder / "store",
        dict.fromkeys(ACCOUNTS, "secret"),
        open_folder / "cert.pem",
        open_folder / "key.pem",
        imap=base + 1,
        imaps=base + 2,
        lmtp=base + 3,
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()
