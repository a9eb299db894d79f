from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from exim_spool import NOW, by, header, message_id, put
from prometheus_client.core import Metric
from pydantic import ValidationError

from exporters.mailqueue.queue_collector import QueueCollector, QueueSettings
from exporters.toolkit.collector import CollectorError, Context, Deadline

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "collectors" / "mail-exim.md"
ALICE = "alice@ville-valmont.test"


@pytest.fixture
def spool(tmp_path, clock):
    clock.now += timedelta(seconds=NOW - clock.now.timestamp() + 600)
    (tmp_path / "input" / "v").mkdir(parents=True)
    return tmp_path / "input"


@pytest.fixture
def scrape(spool, example_inventory, clock):
    settings = QueueSettings(mta="exim", queue_directory=spool.parent, floor_messages=1)

    def collected() -> dict[str, Metric]:
        collector = QueueCollector(settings, Context(example_inventory, clock))
        try:
            return {family.name: family for family in collector.collect(Deadline.after(5))}
        finally:
            collector.close()

    return collected


def values(family):
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_the_same_metrics_as_of_postfix_less_what_exim_has_not(spool, scrape):
    one, other = message_id(1), message_id(2, new=True)
    put(spool, one, header(one, variables=(*by(ALICE), "deliver_firsttime")))
    put(spool / "v", other, header(other, variables=(*by(ALICE), f"frozen {NOW + 60}")))
    found = scrape()
    assert values(found["mailqueue_up"]) == {("exim",): 1}
    assert values(found["mailqueue_reader_info"]) == {("walk",): 1}
    assert values(found["mailqueue_messages"]) == {
        ("incoming",): 0,
        ("active",): 0,
        ("deferred",): 1,
        ("hold",): 1,
        ("corrupt",): 0,
    }
    assert values(found["mailqueue_oldest_age_seconds"])["deferred",] == pytest.approx(599.75)
    assert values(found["mailqueue_account_queued_messages"]) == {(ALICE, "valmont"): 2}
    assert values(found["mailqueue_account_held_since_timestamp_seconds"]) == {
        (ALICE, "valmont"): NOW + 60
    }
    told = set(re.findall(r"^\| `(mailqueue_\w+)(?:\{.*\})?` \|", PAGE.read_text(), re.MULTILINE))
    assert {name for name, family in found.items() if not family.samples} == {
        *(told - {"mailqueue_messages"}),
        # In the first seconds, as with Postfix.
        "mailqueue_incoming_growth_per_second",
        "mailqueue_drain_estimate_seconds",
    }


def test_a_spool_of_another_server_is_an_error(spool, scrape):
    (spool / "v").rmdir()
    spool.rmdir()
    with pytest.raises(CollectorError, match="attendu : le dossier des messages"):
        scrape()


def test_settings_that_exim_has_not_are_refused_and_the_folder_is_debians_own():
    with pytest.raises(ValidationError, match="config_directory avec mta: exim"):
        QueueSettings(mta="exim", config_directory="/etc/exim4")
    settings = QueueSettings(mta="exim")
    assert str(settings.spool) == "/var/spool/exim4"
    assert settings.instance == "exim"
    assert QueueSettings(instance_name="mx2").instance == "mx2"
