"""What the exporter counts of itself."""

import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters.toolkit.routes import Application, Request
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.telemetry import Telemetry, configuration_loaded
from exporters.toolkit.traffic import Traffic, shared
from exporters.toolkit.webgate import WebGate


def read(families):
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


@pytest.fixture
def application(collector):
    def make(work=lambda _: [], **options):
        runner = Runner("a", lambda: collector(work))
        traffic = Traffic()
        parts = (
            traffic.collect,
            lambda: [configuration_loaded(12.5), shared([("a", runner.shared)])],
        )
        scraper = Scraper([runner], {}, Telemetry(parts=parts).collect)
        made = Application(scraper, WebGate(), traffic=traffic, **options)
        return made, traffic, runner

    return make


def ask(application, path="/metrics", method="GET"):
    return application.answer(Request(method, path, {}))


def test_requests_are_counted_by_code_and_all_codes_are_there_from_the_start(application):
    made, traffic, _ = application()
    for path, method in (("/", "GET"), ("/-/ready", "GET"), ("/x", "GET"), ("/", "POST")):
        ask(made, path, method)
    found = read(text_string_to_metric_families(ask(made).body.decode()))
    counted = {
        key[1]: v for key, v in found.items() if key[0] == "vigie_exporter_http_requests_total"
    }
    assert counted == {"200": 1, "503": 1, "404": 1, "405": 1, "400": 0, "401": 0, "500": 0}
    assert found["vigie_exporter_http_requests_in_flight",] == 1
    assert found["vigie_exporter_configuration_loaded_timestamp_seconds",] == 12.5
    assert read(traffic.collect())["vigie_exporter_http_requests_in_flight",] == 0


def test_a_request_that_fails_is_a_500_and_no_longer_in_flight(application, monkeypatch):
    made, traffic, _ = application()
    monkeypatch.setattr(made, "_fixed", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ask(made, "/")
    found = read(traffic.collect())
    assert found["vigie_exporter_http_requests_total", "500"] == 1
    assert found["vigie_exporter_http_requests_in_flight",] == 0


def test_the_servers_own_call_is_not_counted(application):
    made, traffic, _ = application()
    assert made.health(Request("GET", "/-/healthy", {})).status == 200
    assert sum(read(traffic.collect()).values()) == 0


def test_refused_and_shared_scrapes_are_counted(application):
    release = threading.Event()
    made, _, runner = application(lambda _: release.wait(10) and [], max_requests=2)
    threads = [threading.Thread(target=ask, args=(made,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    while runner.shared == 0:
        threading.Event().wait(0.01)
    assert ask(made).status == 503
    release.set()
    for thread in threads:
        thread.join()
    found = read(text_string_to_metric_families(ask(made).body.decode()))
    assert found["vigie_exporter_scrapes_refused_total",] == 1
    assert found["vigie_exporter_scrapes_shared_total", "a"] == 1


def test_disabled_exporter_metrics_leave_the_build_only():
    bare = Telemetry(process=False, parts=(Traffic().collect,))
    assert [family.name for family in bare.collect()] == ["vigie_exporter_build_info"]


def test_the_web_configuration_tells_its_age_and_whether_a_newer_one_was_refused(tmp_path):
    assert list(WebGate().collect()) == []
    path = tmp_path / "web.yml"
    path.write_text("basic_auth_users: {}\n")
    gate = WebGate(path)
    first = read(gate.collect())
    assert first["vigie_exporter_web_configuration_valid",] == 1
    assert first["vigie_exporter_web_configuration_loaded_timestamp_seconds",] > 1.7e9
    gate.recheck()
    again = read(gate.collect())["vigie_exporter_web_configuration_loaded_timestamp_seconds",]
    assert again > first["vigie_exporter_web_configuration_loaded_timestamp_seconds",]
    path.write_text("nonsense: 1\n")
    gate.recheck()
    assert read(gate.collect())["vigie_exporter_web_configuration_valid",] == 0
