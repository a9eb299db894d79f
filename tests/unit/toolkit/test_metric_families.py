import pytest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from exporters.toolkit.families import FamilyError, Page, checked


def gauge(name="queue_size", value=1.0, help_text="Help.", **labels):
    family = GaugeMetricFamily(name, help_text, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def test_good_families_pass_and_created_series_are_dropped():
    counter = CounterMetricFamily("calls", "Calls.", value=3, created=12.0)
    histogram = HistogramMetricFamily("wait", "Wait.", buckets=[("1", 1), ("+Inf", 2)], sum_value=2)
    found = checked([counter, histogram, InfoMetricFamily("build", "B.", {"a": "b"}), gauge()])
    assert [sample.name for family in found for sample in family.samples] == [
        "calls_total", "wait_bucket", "wait_bucket", "wait_count", "wait_sum",
        "build_info", "queue_size",
    ]  # fmt: skip


def test_a_gauge_may_be_called_created():
    assert checked([gauge("vm_created")])[0].samples[0].name == "vm_created"


def foreign():
    family = Metric("queue", "Help.", "gauge")
    family.add_sample("other", {}, 1)
    return family


def labelled(**labels):
    family = Metric("queue", "Help.", "gauge")
    family.add_sample("queue", labels, 1)
    return family


def measured_in(unit):
    family = gauge()
    family.unit = unit
    return family


@pytest.mark.parametrize(
    ("families", "words"),
    [
        (["text"], "non un Metric"),
        ([foreign()], "série étrangère other"),
        ([gauge(queue=3)], "étiquette queue"),
        # The library would write these, and Prometheus then refuse the whole page.
        ([labelled(**{"": "x"})], "nom d'étiquette mal formé ''"),
        ([labelled(**{"a b": "x", "a_b": "y"})], "nom d'étiquette mal formé 'a b'"),
        ([labelled(**{"a\n": "x"})], "nom d'étiquette mal formé"),
        ([labelled(__name__="x")], "nom d'étiquette mal formé '__name__'"),
        ([gauge("queue.size"), gauge()], "'queue.size' : nom de famille mal formé"),
        ([measured_in("bytes")], "unité bytes qui n'est pas la fin du nom"),
        ([gauge(value="many")], "pas un nombre"),
        ([gauge(value=None)], "pas un nombre"),
        ([gauge(queue="a"), gauge(queue="a")], "série en double"),
    ],
)
def test_what_would_spoil_the_page_is_refused(families, words):
    with pytest.raises(FamilyError, match=words):
        checked(families)


def test_two_collectors_may_fill_one_family():
    page = Page()
    assert page.add("restic", [gauge(tool="restic")]) == ""
    assert page.add("borg", [gauge(tool="borg", help_text="Other words.")]) == ""
    merged = page.families["queue_size"]
    assert merged.owners == {"restic": 1, "borg": 1}
    assert merged.family.documentation == "Help."
    assert len(merged.family.samples) == 2


def test_a_series_already_given_is_left_out():
    page = Page()
    page.add("one", [gauge()])
    complaint = page.add("two", [gauge(value=2), gauge(value=3)])
    assert complaint == "série de queue_size écartée : déjà donnée par one"
    assert [sample.value for sample in page.families["queue_size"].family.samples] == [1]
    assert page.families["queue_size"].owners == {"one": 1}


@pytest.mark.parametrize(
    "rival",
    [CounterMetricFamily("queue_size", "H.", value=1), CounterMetricFamily("queue", "H.", value=1)],
)
def test_a_name_that_would_mean_two_things_is_left_out(rival):
    page = Page()
    page.add("one", [gauge("queue_total"), gauge()])
    assert "le nom est déjà pris par one" in page.add("two", [rival])
    assert len(page.families) == 2


def test_dropping_a_family_names_its_owners():
    page = Page()
    page.add("one", [gauge()])
    assert page.drop("queue_size") == ["one"]
    assert page.families == {}
