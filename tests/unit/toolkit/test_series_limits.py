"""Beyond its limit a collector's series are left out, the same ones at each scrape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from exporters.toolkit.collector import Deadline
from exporters.toolkit.exposition import negotiate
from exporters.toolkit.limits import Limits, limited
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.telemetry import Telemetry
from exporters.toolkit.text_family import frozen
from inventory.process.logs import capture


def gauge(name, count):
    family = GaugeMetricFamily(name, "Help.", labels=["row"])
    for row in range(count):
        family.add_metric([f"{row}\u2028"], row)
    return family


def count(family):
    return len(family.samples)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=6), st.integers(1, 20))
def test_never_more_than_the_limit_and_always_the_first_ones(sizes, limit):
    made = [(ahead, gauge(f"f{index}_x", size)) for index, (ahead, size) in enumerate(sizes)]
    given_families = [frozen(family) if ahead else family for ahead, family in made]
    total = sum(size for _, size in sizes)
    found = limited(given_families, limit)
    kept = sum(map(count, found.families))
    assert (kept, found.dropped) == (min(limit, total), total - kept)
    every = [s for family in given_families for s in family.samples]
    assert [s for family in found.families for s in family.samples] == every[:kept]


def test_a_histogram_is_left_out_whole_and_what_follows_still_fits():
    wait = HistogramMetricFamily("wait", "W.", buckets=[("1", 1), ("+Inf", 2)], sum_value=2)
    found = limited([gauge("a", 2), wait, gauge("b", 1)], 4)
    assert [family.name for family in found.families] == ["a", "b"]
    assert found.dropped == len(wait.samples)


@pytest.fixture
def scraper(collector):
    def make(size, **limits):
        runners = [
            Runner("big", lambda: collector(lambda _: [frozen(gauge("big_x", size()))])),
            Runner("small", lambda: collector(lambda _: [gauge("small_x", 3)])),
        ]
        return Scraper(
            runners, {}, Telemetry(process=False).collect, limits=Limits(100_000, limits)
        )

    return make


def page(scraper):
    text = scraper.page(Deadline.after(5), scraper.names, negotiate("")).decode()
    return {
        (s.name, s.labels.get("collector", "")): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def test_what_is_dropped_is_a_metric_and_one_quiet_line(scraper):
    size = [50]
    made = scraper(lambda: size[0], big=10)
    with capture() as logs:
        found = [page(made) for _ in range(3)]
        size[0] = 4
        page(made)
    for name, value in (
        ("vigie_scrape_series", 10),
        ("vigie_scrape_series_dropped", 40),
        ("vigie_scrape_collector_success", 1),
    ):
        assert found[0][name, "big"] == value
    assert found[0]["vigie_scrape_series", "small"] == 3
    assert found[0]["vigie_scrape_series_dropped", "small"] == 0
    assert [log["event"] for log in logs] == ["séries écartées", "plus aucune série écartée"]
    assert logs[0]["error"] == "plus de 10 séries (limits.series)"


def test_series_left_out_for_another_reason_are_not_counted_as_on_the_page(collector):
    def families(deadline):
        # One that the first collector gave, one of the exporter's own, one that is no text.
        return [gauge("shared", 2), gauge("vigie_exporter_build_info", 1), bad, gauge("own", 3)]

    bad = GaugeMetricFamily("bad", "Help.", labels=["l"])
    bad.add_metric(["\udcff"], 1)
    runners = [
        Runner("first", lambda: collector(lambda _: [gauge("shared", 1)])),
        Runner("second", lambda: collector(families)),
    ]
    found = page(Scraper(runners, {}, Telemetry(process=False).collect))
    assert found["vigie_scrape_series", "first"] == 1
    assert found["vigie_scrape_series", "second"] == 1 + 3
