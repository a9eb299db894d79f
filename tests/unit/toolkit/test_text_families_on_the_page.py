"""Families rendered ahead are the bytes the library would write, and spoil nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from exporters.toolkit.collector import Deadline
from exporters.toolkit.exposition import Renderer, negotiate
from exporters.toolkit.families import FamilyError, Page, checked
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.telemetry import Telemetry
from exporters.toolkit.text_family import TextFamily, frozen, merged

ACCEPTS = (
    "",
    "text/plain;version=1.0.0;escaping=allow-utf-8",
    "text/plain;version=1.0.0;escaping=dots",
    "application/openmetrics-text;version=1.0.0",
    "application/openmetrics-text;version=1.0.0;escaping=values",
    "application/openmetrics-text",
)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}x", fullmatch=True)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\"\n#\r\x0b\u2028'), max_size=12
)


@st.composite
def families(draw):
    labels = draw(st.lists(NAMES, unique=True, max_size=3))
    rows = draw(
        st.dictionaries(
            st.tuples(*[TEXTS for _ in labels]), st.floats() | st.integers(), max_size=4
        )
    )
    name, text = draw(NAMES), draw(TEXTS)
    unit = draw(st.sampled_from(["", "seconds", "bytes"]))
    kind = draw(st.sampled_from([GaugeMetricFamily, CounterMetricFamily]))
    family = kind(name, text, labels=labels, unit=unit)
    for values, number in rows.items():
        family.add_metric(list(values), number)
    return family


def rendered(family, accept):
    renderer = Renderer(negotiate(accept))
    renderer.add(family)
    return renderer.page()


@settings(deadline=None)
@given(families(), st.sampled_from(ACCEPTS))
def test_a_family_rendered_ahead_is_byte_for_byte_what_the_library_writes(family, accept):
    assert rendered(frozen(family), accept) == rendered(family, accept)


@given(families())
def test_a_family_rendered_ahead_counts_its_series_and_can_be_read_back(family):
    ahead = frozen(family)
    assert ahead.series == len(family.samples) == ahead.text.count("\n")


def gauge(name="one_size", value=1, **labels):
    family = GaugeMetricFamily(name, "Help.", labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def dated():
    family = Metric("one_size", "Help.", "gauge")
    family.add_sample("one_size", {}, 1, timestamp=12.5)
    return family


@pytest.mark.parametrize("family", [HistogramMetricFamily("wait", "W."), gauge("a.size"), dated()])
def test_what_text_cannot_hold_is_not_rendered_ahead(family):
    with pytest.raises(ValueError, match="rendered ahead"):
        frozen(family)


def test_families_of_one_name_are_merged_with_their_unit():
    family = GaugeMetricFamily("run_seconds", "Help.", unit="seconds", labels=["h"])
    family.add_metric(["a"], 1)
    (one,) = merged([frozen(family), frozen(family)])
    assert (one.series, one.unit, one.text.count("\n")) == (2, "seconds", 2)


@pytest.mark.parametrize(
    ("family", "words"),
    [
        (TextFamily("a b", "H.", "gauge", "", 0), "mal formé"),
        (TextFamily("a", "H.", "summary", "", 0), "type summary"),
        (TextFamily("a", "H.", "gauge", "a 1", 1), "sans fin de ligne"),
        (TextFamily("a", "H.", "gauge", "ab 1\n", 1), "ne commence pas par a"),
        (
            TextFamily("a_total", "H.", "counter", "a_total 1\n", 1),
            "commence pas par a_total_total",
        ),
        (TextFamily("a", "H.", "gauge", 'a{b="1"} 1\na{b="2"} 1\n', 1), "2 lignes pour 1 séries"),
        (TextFamily("a", "H.", "gauge", "a 1\n", 1, "bytes"), "unité bytes"),
    ],
)
def test_what_can_be_seen_wrong_for_nothing_is_refused(family, words):
    with pytest.raises(FamilyError, match=words):
        checked([family])


@pytest.mark.parametrize("first", [gauge(), frozen(gauge())])
def test_no_other_family_may_have_the_name_of_one_rendered_ahead(first):
    page = Page()
    second = gauge(town="x") if isinstance(first, TextFamily) else frozen(gauge(town="x"))
    assert page.add("a", [first]) == ""
    assert page.add("b", [second]) == "famille one_size écartée : le nom est déjà pris par a"
    assert page.families["one_size"].family.samples == gauge().samples


def test_a_counters_sample_name_cannot_be_taken_by_a_gauge():
    page = Page()
    page.add("a", [frozen(CounterMetricFamily("calls", "H.", value=1))])
    assert "déjà pris par a" in page.add("b", [frozen(gauge("calls_total"))])


@pytest.fixture
def scrape(collector):
    def go(*given, accept=""):
        runner = Runner("a", lambda: collector(lambda _: given))
        scraper = Scraper([runner], {}, Telemetry(process=False).collect)
        return scraper.page(Deadline.after(5), ["a"], negotiate(accept)).decode()

    return go


def test_both_kinds_are_on_one_page_in_each_format(scrape):
    families = [frozen(CounterMetricFamily("calls", "Calls.", value=2)), gauge()]
    plain = scrape(*families)
    assert "# TYPE calls_total counter\ncalls_total 2.0\n" in plain
    assert 'vigie_scrape_collector_success{collector="a"} 1.0' in plain
    strict = scrape(*families, accept=ACCEPTS[3])
    assert "# TYPE calls counter\ncalls_total 2.0\n" in strict
    assert strict.endswith("# EOF\n")
    assert strict.count("# EOF") == 1


def test_text_that_is_no_unicode_loses_only_its_family(scrape):
    text = scrape(TextFamily("odd", "H.", "gauge", 'odd{a="\udcff"} 1\n', 1), gauge())
    assert 'success{collector="a"} 0.0' in text
    assert "one_size 1.0" in text
    assert "odd" not in text
