"""The rosters' file read again, in a pager whose loops are not started."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from alertmanager.duty import planning
from alertmanager.store.tables import JournalLine, Message
from alertmanager.webhook.pager import Pager, build_pager
from alertmanager.webhook.reload import Reload
from alertmanager.webhook.settings import load_webhook_config
from deploy.cli.__main__ import main
from deploy.estate.child import wait_until
from deploy.estate.ports import Ports
from deploy.estate.settings_files import SettingsFiles
from inventory.process.logs import capture

MORNING = datetime.fromisoformat("2026-05-01T07:12:00+02:00")
NADIA, LUC, HELENE = "nadia.benali", "luc.marchand", "helene.vasseur"
ORDER = "[malik.haddad, nadia.benali, luc.marchand, yann.legoff, ines.robert]"
OTHER = "[malik.haddad, luc.marchand, nadia.benali, yann.legoff, ines.robert]"


class Site:
    """Files, a pager over them that sends nothing, and its reload."""

    def __init__(self, folder: Path) -> None:
        files = SettingsFiles(folder / "etc", Ports(20000))
        files.write_shared()
        files.write_secret("kannel.password", "secret")
        kannel = {
            "url": "http://127.0.0.1:9/cgi-bin/sendsms",
            "username": "vigie",
            "password_file": "kannel.password",
        }
        self.database = folder / "db" / "webhook.sqlite3"
        files.write_webhook(self.database, kannel, "5m")
        self.webhook, self.rosters = files.path("webhook.yml"), files.path("rosters.yml")
        canary = {"person": HELENE, "at": "07:10", "every": "day"}
        data = {**yaml.safe_load(self.webhook.read_text()), "canary": canary}
        self.webhook.write_text(yaml.safe_dump(data, allow_unicode=True))
        config = load_webhook_config(self.webhook)
        self.pager: Pager = build_pager(config, lambda: MORNING, "http://127.0.0.1:20000")
        self.pager.live.refresh()
        self.reload = Reload(self.pager)

    def edit(self, old: str, new: str) -> None:
        text = self.rosters.read_text(encoding="utf-8")
        assert old in text
        self.rosters.write_text(text.replace(old, new), encoding="utf-8")

    def read_again(self) -> list[str]:
        """The events that are logged."""
        with capture() as logged:
            self.reload.now()
        return [line["event"] for line in logged]

    @property
    def faulty(self) -> float | None:
        return self.pager.telemetry.registry.get_sample_value("vigie_roster_file_faulty")

    def on_duty(self, at: datetime = MORNING) -> list[str]:
        return [person.id for person in self.pager.live.on_duty("astreinte", at).people]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.pager.store.close()


def override(site: Site, person: str, length: timedelta, now: datetime = MORNING) -> None:
    """That person instead of whoever has it, from now on."""
    with site.pager.store.write() as session:
        planning.enter_change(
            session, site.pager.live.book, "astreinte", (now, now + length), [person],
            who="test", now=now,
        )  # fmt: skip


def addresses(site: Site) -> list[str]:
    with site.pager.store.read() as session:
        return list(session.scalars(select(Message.address)))


def test_what_changed_since_the_file_was_read_stays(site: Site) -> None:
    override(site, HELENE, timedelta(hours=1))
    site.edit(ORDER, OTHER)
    assert site.read_again()[0] == "rosters_replaced"
    assert site.on_duty() == [HELENE]
    assert site.on_duty(MORNING + timedelta(hours=2)) == [LUC]
    with site.pager.store.read() as session:
        wanted = select(JournalLine).where(JournalLine.event == "roster.file_replaced")
        (line,) = session.scalars(wanted)
    # Nothing changes during that hour: it is not in the journal as a change.
    first = datetime.fromisoformat(line.detail["turns"][0]["starts"])
    assert first == MORNING + timedelta(hours=1)


def test_nothing_is_applied_that_the_journal_could_not_keep(site: Site) -> None:
    site.edit(ORDER, OTHER)
    site.pager.store.close()
    shutil.move(site.database.parent, site.database.parent.with_name("away"))
    assert site.read_again() == ["rosters_not_applied"]
    assert (site.on_duty(), site.faulty) == ([NADIA], 1)
    shutil.move(site.database.parent.with_name("away"), site.database.parent)
    assert "rosters_replaced" in site.read_again()
    assert (site.on_duty(), site.faulty) == ([LUC], 0)


def test_numbers_written_wrong_are_not_logged(site: Site) -> None:
    site.edit('"+33 6 39 98 10 07"', '"+33 6 39 98 10 03"')
    with capture() as logged:
        site.reload.now()
    assert [line["event"] for line in logged] == ["rosters_refused", "rosters_fault"]
    assert "people[6].phone: numéro « … » en double" in logged[1]["fault"]
    assert "981003" not in str(logged)


def test_the_night_test_goes_to_the_new_number(site: Site) -> None:
    site.edit('"+33 6 39 98 10 07"', '"+33 6 39 98 10 77"')
    assert site.read_again() == ["rosters_replaced", "roster_contact_changed"]
    site.pager.night.start()
    try:
        wait_until(lambda: addresses(site) != [], "le test de nuit", 10, 0.02)
        assert addresses(site) == ["+33639981077"]
    finally:
        site.pager.night.stop()


def test_two_files_compared_under_what_changed_since(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    old = site.rosters.with_name("old.yml")
    shutil.copy(site.rosters, old)
    site.edit(ORDER, OTHER)
    command = ["roster", "diff", "--config", str(site.rosters)]

    def starts(*more: str) -> list[str]:
        main([*command, "--against", str(old), *more, "--format", "json"])
        return [change["starts_at"] for change in json.loads(capsys.readouterr().out)["changes"]]

    now = datetime.now(UTC)  # the command has no other clock
    override(site, HELENE, timedelta(days=300), now)
    assert any(start < (now + timedelta(days=299)).isoformat() for start in starts())
    counted = starts("--database", str(site.database))
    assert counted
    assert all(start > (now + timedelta(days=299)).isoformat() for start in counted)
    assert main([*command, "--running", "--database", str(site.database)]) == 2
    assert "seulement avec --against" in capsys.readouterr().err
