import pytest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from structlog.testing import capture_logs

from exporters.toolkit.collector import CollectorError, Deadline
from exporters.toolkit.exposition import compress, negotiate
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.telemetry import Telemetry

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.3"


def family(name="one_size", value=1.0):
    return GaugeMetricFamily(name, "Help.", value=value)


@pytest.fixture
def scrape(collector):
    def go(works, broken=None, encode=generate_latest, names=None):
        runners = [
            Runner(name, lambda work=work: collector(lambda _: work()))
            for name, work in works.items()
        ]
        scraper = Scraper(runners, broken or {}, Telemetry(process=False).collect)
        return scraper.page(Deadline.after(5), names or scraper.names, encode).decode()

    return go


def success(text: str) -> dict[str, str]:
    prefix = 'vigie_scrape_collector_success{collector="'
    return dict(
        line.removeprefix(prefix).split('"} ')
        for line in text.splitlines()
        if line.startswith(prefix)
    )


def test_families_come_sorted_and_the_verdict_last(scrape):
    text = scrape({"b": lambda: [family("z_size")], "a": lambda: [family("a_size")]})
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert names == [
        "a_size", "vigie_exporter_build_info", "z_size",
        "vigie_scrape_collector_duration_seconds", "vigie_scrape_collector_success",
    ]  # fmt: skip


def test_a_broken_collector_is_visible_as_failed(scrape):
    assert success(scrape({"a": list}, broken={"b": "absent"})) == {"a": "1.0", "b": "0.0"}


def test_a_filter_runs_only_what_it_names(scrape):
    def never():
        raise AssertionError

    text = scrape({"a": list, "b": never}, broken={"c": "absent"}, names=["a"])
    assert success(text) == {"a": "1.0"}


def test_the_toolkits_own_names_cannot_be_taken(scrape):
    text = scrape({"a": lambda: [family("vigie_scrape_collector_success", 7)]})
    assert success(text) == {"a": "0.0"}
    assert "7.0" not in text


def test_a_family_the_library_cannot_write_loses_only_itself(scrape):
    def work():
        odd = Metric("odd", "Help.", "gauge")
        odd.add_sample("odd", {}, 1, timestamp="yesterday")
        return [odd, family()]

    for encode in (generate_latest, openmetrics):
        text = scrape({"a": work, "b": lambda: [family("b_size")]}, encode=encode)
        if encode is generate_latest:
            assert success(text) == {"a": "0.0", "b": "1.0"}
        assert "b_size 1.0" in text
        assert "one_size 1.0" in text


def test_the_same_failure_is_written_once_and_recovery_too(collector):
    state = {"fail": True}

    def work(_):
        if state["fail"]:
            raise CollectorError("fermé")
        return [family()]

    with capture_logs() as logs:
        scraper = Scraper(
            [Runner("a", lambda: collector(work))], {}, Telemetry(process=False).collect
        )
        for fail in (True, True, True, False, False):
            state["fail"] = fail
            scraper.page(Deadline.after(5), ["a"], generate_latest)
    assert [(log["log_level"], log["collector"]) for log in logs] == [
        ("warning", "a"),
        ("info", "a"),
    ]


def test_negotiation_follows_the_accept_header():
    assert negotiate("")[1].startswith("text/plain; version=0.0.4")
    assert negotiate(ACCEPT)[1].startswith("application/openmetrics-text; version=1.0.0")
    assert negotiate("application/openmetrics-text;version=x")[1].startswith("text/plain")


def test_openmetrics_ends_once(scrape):
    text = scrape({"a": lambda: [family()]}, encode=openmetrics)
    assert text.count("# EOF") == 1
    assert text.endswith("# EOF\n")


def test_gzip_only_for_those_who_accept_it():
    assert compress(b"x", "") == (b"x", False)
    assert compress(b"x", "br, gzip;q=0, identity") == (b"x", False)
    assert compress(b"x", "gzip;q=0.5")[1]
    body, zipped = compress(b"x", "gzip, deflate")
    assert (body[:2], zipped) == (b"\x1f\x8b", True)
