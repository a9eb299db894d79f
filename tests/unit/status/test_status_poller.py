"""What becomes known from one reading to the next, and what a failing source leaves."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from dashboards.status.poller import Poller, proofs
from dashboards.status.source import WATCHDOG, SourceError


class Scripted:
    """A source that gives what the test put in it; an exception is raised."""

    def __init__(self, name, answer):
        self.name = name
        self.answer = answer

    def read(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def bench(site, towns):
    class Bench:
        time = datetime(2026, 5, 1, 5, 0, tzinfo=UTC)
        incidents = Scripted("webhook", ())
        watch = Scripted("prometheus", [s.id for s in towns.services])
        published: list = []  # noqa: RUF012  # one bench a test
        registry = CollectorRegistry()

        def page(self):
            self.poller.poll()
            return self.published[-1].audiences[""][""].decode()

        def later(self, seconds):
            self.time += timedelta(seconds=seconds)
            return self.page()

    bench = Bench()
    bench.published = []
    bench.poller = Poller(
        site,
        incidents=bench.incidents,
        watch=bench.watch,
        publish=bench.published.append,
        clock=lambda: bench.time,
        registry=bench.registry,
    )
    return bench


def test_an_incident_shows_at_the_next_reading_and_goes_when_it_is_over(bench, attack):
    assert "Tous les services fonctionnent" in bench.page()
    bench.incidents.answer = (attack,)
    assert "Un service est perturbé" in bench.later(5)
    bench.incidents.answer = ()
    assert "Tous les services fonctionnent" in bench.later(5)


@pytest.mark.parametrize("source", ["incidents", "watch"])
def test_a_source_that_fails_makes_the_page_unknown_after_a_minute_and_no_sooner(bench, source):
    bench.page()
    getattr(bench, source).answer = SourceError("injoignable")
    assert "Tous les services fonctionnent" in bench.later(60)
    page = bench.later(1)
    assert "L’état des services est inconnu" in page
    assert "Fonctionne<" not in page
    assert "Depuis le" in page
    assert "7\u00a0h\u00a000" in page


def test_a_source_that_never_answered_leaves_the_page_unknown_from_the_first_instant(bench):
    bench.incidents.answer = bench.watch.answer = SourceError("injoignable")
    assert "L’état des services est inconnu" in bench.page()


def test_a_source_that_comes_back_is_believed_at_once(bench):
    bench.page()
    bench.watch.answer = SourceError("injoignable")
    bench.later(120)
    bench.watch.answer = ["messagerie", "hebergement", "sauvegarde"]
    assert "Tous les services fonctionnent" in bench.later(5)


def test_the_health_of_each_source_is_a_metric(bench):
    bench.page()
    bench.watch.answer = SourceError("injoignable")
    bench.later(5)

    def value(name, source):
        return bench.registry.get_sample_value(name, {"source": source})

    assert value("vigie_status_source_up", "webhook") == 1
    assert value("vigie_status_source_up", "prometheus") == 0
    last = "vigie_status_source_last_success_timestamp_seconds"
    assert value(last, "webhook") - value(last, "prometheus") == 5


def test_a_service_is_proven_by_its_own_expression_or_else_by_the_watchdog(towns):
    found = proofs(towns, {"messagerie": "max(mailqueue_up)"})
    assert found == {
        "messagerie": "max(mailqueue_up)",
        "hebergement": WATCHDOG,
        "sauvegarde": WATCHDOG,
    }


def test_a_source_that_hangs_for_ever_cannot_keep_the_page_well(bench):
    bench.page()
    stop, hung = threading.Event(), threading.Event()

    def hang():
        hung.set()
        stop.wait(20)
        return ()

    bench.incidents.read = hang
    thread = threading.Thread(target=bench.poller.run, args=(stop, timedelta(seconds=0.05)))
    thread.start()
    assert hung.wait(5)
    bench.time += timedelta(seconds=61)
    end = time.monotonic() + 5
    while "inconnu" not in bench.published[-1].audiences[""][""].decode():
        assert time.monotonic() < end
        time.sleep(0.05)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_fault_nobody_foresaw_counts_as_a_source_that_is_not_read(bench):
    bench.page()
    bench.incidents.answer = RecursionError("trop profond")
    assert "L’état des services est inconnu" in bench.later(61)
    up = bench.registry.get_sample_value("vigie_status_source_up", {"source": "webhook"})
    assert up == 0
