"""One far source at a time, by a name the settings allow."""

import json
import threading
import time

import pytest
from prometheus_client.core import GaugeMetricFamily

from exporters.toolkit.assembly import close
from exporters.toolkit.collector import CollectorError
from exporters.toolkit.routes import Application, Request
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.targets import Targets
from exporters.toolkit.telemetry import Telemetry
from exporters.toolkit.webgate import WebGate


class Far:
    """Reads far hosts; `slow` ones wait until released."""

    def __init__(self, name):
        self.name = name
        self.release = threading.Event()
        self.asked = []
        self.closed = []

    def collect(self, deadline):
        return [GaugeMetricFamily(f"{self.name}_here", "Here.", value=1)]

    def collect_target(self, target, deadline):
        self.asked.append(target)
        if target == "slow":
            self.release.wait(10)
        if target == "down":
            raise CollectorError("éteint")
        family = GaugeMetricFamily(f"{self.name}_up", "Up.", labels=["target"])
        family.add_metric([target], 1)
        return [family]

    def close(self):
        self.closed.append(1)


@pytest.fixture
def farm():
    built = []

    def build(name):
        built.append(Far(name))
        return built[-1]

    runners = [
        Runner("pve", lambda: build("pve"), targets=["one", "slow", "down"]),
        Runner("ups", lambda: build("ups"), targets=["one", "<b>"]),
        Runner("near", lambda: build("near")),
    ]
    scraper = Scraper(runners, {}, Telemetry(process=False).collect)
    application = Application(scraper, WebGate(), targets=Targets(runners))

    def ask(target, timeout="5"):
        headers = {"x-prometheus-scrape-timeout-seconds": timeout}
        return application.answer(Request("GET", target, headers))

    ask.built, ask.runners = built, runners
    yield ask
    for far in built:
        far.release.set()


def refusal(response):
    assert response.status == 400
    return json.loads(response.body)["detail"]


def test_a_target_is_read_alone(farm):
    text = farm("/probe?target=down&module=pve").body.decode()
    assert 'vigie_scrape_collector_success{collector="pve"} 0.0' in text
    text = farm("/probe?target=one&module=ups").body.decode()
    assert 'ups_up{target="one"} 1.0' in text
    assert 'vigie_scrape_collector_success{collector="ups"} 1.0' in text
    assert "vigie_scrape_collector_duration_seconds" in text
    assert "pve" not in text
    assert "_here" not in text
    assert "build_info" not in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "paramètre target absent ; cibles admises : <b>, down, one, slow"),
        ("?target=http://x", "cible « http://x » inconnue ; cibles admises : <b>, down, one, slow"),
        ("?target=down&module=ups", "cible « down » inconnue ; cibles admises : <b>, one"),
        ("?target=one", "connue de plusieurs modules ; attendu : module=, l'un de : pve, ups"),
        ("?target=one&module=near", "module near inconnu ou sans cible ; attendu : pve, ups"),
        ("?target=one&target=down", "ne se donnent qu'une fois"),
        ("?target=down&target=", "ne se donnent qu'une fois"),
    ],
)
def test_only_declared_targets_may_be_asked_for(farm, query, words):
    assert words in refusal(farm(f"/probe{query}"))
    assert farm.built == []


def test_without_any_target_probe_says_so(collector):
    scraper = Scraper([], {}, Telemetry(process=False).collect)
    response = Application(scraper, WebGate()).answer(Request("GET", "/probe?target=a", {}))
    assert "cibles admises : aucune" in refusal(response)


def test_a_slow_target_delays_no_other_and_is_called_once(farm):
    first = []
    waiting = threading.Thread(target=lambda: first.append(farm("/probe?target=slow")))
    waiting.start()
    began = time.monotonic()
    assert b'pve_up{target="one"} 1.0' in farm("/probe?target=one&module=pve").body
    assert b"pve_here 1.0" in farm("/metrics").body
    joined = []
    second = threading.Thread(target=lambda: joined.append(farm("/probe?target=slow")))
    second.start()
    assert time.monotonic() - began < 2
    while farm.runners[0].targets["slow"].shared == 0:
        time.sleep(0.01)
    pve = next(far for far in farm.built if far.name == "pve")
    pve.release.set()
    waiting.join()
    second.join()
    assert first[0].body.count(b'pve_up{target="slow"}') == joined[0].body.count(b"slow") == 1
    assert pve.asked.count("slow") == 1


def test_a_collector_and_its_targets_share_one_object(farm):
    threads = [
        threading.Thread(target=farm, args=(path,))
        for path in ("/metrics", "/probe?target=down", "/probe?target=one&module=pve") * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(far.name for far in farm.built) == ["near", "pve", "ups"]


def test_closing_waits_for_targets_but_a_hung_one_keeps_nothing_from_being_saved(farm):
    farm("/probe?target=slow", timeout="0.1")
    close(farm.runners, seconds=0.4)
    assert [far.closed for far in farm.built if far.name == "pve"] == [[1]]


def test_the_landing_page_lists_targets_escaped(farm):
    page = farm("/").body.decode()
    assert '<a href="/probe?target=%3Cb%3E&amp;module=ups">&lt;b&gt;</a> (ups)' in page
