import gzip
import zlib

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric

from exporters.toolkit import body
from exporters.toolkit.collector import CollectorError, Deadline
from exporters.toolkit.exposition import Renderer, negotiate
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.telemetry import Telemetry
from inventory.process.logs import capture

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.3"


def family(name="one_size", value=1.0):
    return GaugeMetricFamily(name, "Help.", value=value)


@pytest.fixture
def scrape(collector):
    def go(works, broken=None, accept="", names=None):
        runners = [
            Runner(name, lambda work=work: collector(lambda _: work()))
            for name, work in works.items()
        ]
        scraper = Scraper(runners, broken or {}, Telemetry(process=False).collect)
        return scraper.page(Deadline.after(5), names or scraper.names, negotiate(accept)).decode()

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
        "vigie_scrape_series", "vigie_scrape_series_dropped",
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

    for accept in ("", ACCEPT):
        text = scrape({"a": work, "b": lambda: [family("b_size")]}, accept=accept)
        if not accept:
            assert success(text) == {"a": "0.0", "b": "1.0"}
        assert "b_size 1.0" in text
        assert "one_size 1.0" in text


def test_the_same_failure_is_written_once_and_recovery_too(collector):
    state = {"fail": True}

    def work(_):
        if state["fail"]:
            raise CollectorError("fermé")
        return [family()]

    with capture() as logs:
        scraper = Scraper(
            [Runner("a", lambda: collector(work))], {}, Telemetry(process=False).collect
        )
        for fail in (True, True, True, False, False):
            state["fail"] = fail
            scraper.page(Deadline.after(5), ["a"], negotiate(""))
    assert [(log["log_level"], log["collector"]) for log in logs] == [
        ("warning", "a"),
        ("info", "a"),
    ]


def test_negotiation_follows_the_accept_header():
    assert negotiate("").content_type.startswith("text/plain; version=0.0.4")
    assert negotiate(ACCEPT).content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert negotiate("application/openmetrics-text;version=x").content_type.startswith("text/plain")


def test_openmetrics_ends_once(scrape):
    text = scrape({"a": lambda: [family()]}, accept=ACCEPT)
    assert text.count("# EOF") == 1
    assert text.endswith("# EOF\n")


@pytest.mark.parametrize(
    ("accept_encoding", "zipped"),
    [("", False), ("br, gzip;q=0, identity", False), ("gzip;q=0.5", True), ("gzip, deflate", True)],
)
def test_gzip_only_for_those_who_accept_it(accept_encoding, zipped):
    assert negotiate("", accept_encoding).zipped is zipped


def test_a_gzipped_page_is_one_member_with_the_plain_page_in_it():
    families = [family(f"one_size_{number}", number) for number in range(200)]

    def page(accept_encoding):
        renderer = Renderer(negotiate(ACCEPT, accept_encoding))
        for one in families:
            renderer.add(one)
        return renderer.page()

    stream = zlib.decompressobj(wbits=31)
    assert stream.decompress(page("gzip")) == page("")
    assert stream.eof
    assert stream.unused_data == b""


def test_without_isal_the_standard_library_compresses(monkeypatch):
    monkeypatch.setattr(body, "deflate", zlib)
    gzipped = body.Gzipped()
    for part in (b"a" * 100_000, b"", b"b"):
        gzipped.add(part)
    assert gzip.decompress(gzipped.whole()) == b"a" * 100_000 + b"b"
