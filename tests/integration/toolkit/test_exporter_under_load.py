"""Many scrapes at once, and far targets, against the real process."""

from __future__ import annotations

import threading
import time
from collections import Counter

from prometheus_client.parser import text_string_to_metric_families


def values(text):
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_of_sixty_scrapes_at_once_forty_are_served_and_one_call_is_made(start, config, gate):
    exporter = start(config(f"{{sample_gate: {{folder: {gate}}}}}"))
    (gate / "shut").touch()
    answers: list = []
    threads = [threading.Thread(target=lambda: answers.append(exporter.get())) for _ in range(60)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 15
    while len(answers) < 20:  # the refused ones come at once, the others wait at the gate
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(0.2)
    (gate / "shut").unlink()
    for thread in threads:
        thread.join(timeout=15)
    assert Counter(answer.status for answer in answers) == {200: 40, 503: 20}
    served = [answer for answer in answers if answer.status == 200]
    assert all(values(a.text)["sample_gate_open",] == 1 for a in served)
    assert len((gate / "calls").read_text().splitlines()) == 1
    found = values(exporter.get().text)
    assert found["vigie_exporter_scrapes_refused_total",] == 20
    assert found["vigie_exporter_scrapes_shared_total", "sample_gate"] == 39
    assert found["vigie_exporter_http_requests_total", "503"] == 20
    assert found["vigie_exporter_http_requests_in_flight",] == 1


def test_a_slow_target_of_the_process_delays_neither_another_nor_the_metrics(start, config, gate):
    exporter = start(config(f"{{sample_gate: {{folder: {gate}, targets: [north, south]}}}}"))
    (gate / "shut-north").touch()
    slow: list = []
    waiting = threading.Thread(target=lambda: slow.append(exporter.get("/probe?target=north")))
    waiting.start()
    began = time.monotonic()
    assert values(exporter.get("/probe?target=south").text)["sample_gate_far", "south"] == 1
    assert values(exporter.get().text)["sample_gate_open",] == 1
    assert time.monotonic() - began < 3
    (gate / "shut-north").unlink()
    waiting.join(timeout=15)
    assert values(slow[0].text)["sample_gate_far", "north"] == 1
    refused = exporter.get("/probe?target=10.0.0.1:80")
    assert refused.status == 400
    assert "cibles admises : north, south" in refused.json["detail"]


def test_compat_reaches_the_collector_that_knows_it_and_a_limit_holds(start, config, run):
    more = "limits: {collectors: {sample: 1}}\n"
    exporter = start(config("{sample: {}}", more), "--compat", "greeter")
    found = values(exporter.get().text)
    assert found["greeter_members", "bonjour"] == 8
    assert found["vigie_scrape_series", "sample"] == 1
    assert found["vigie_scrape_series_dropped", "sample"] == 2
    ended = run("--config", config("{sample: {}}"), "--compat=node_exporter")
    assert ended.returncode == 2
    assert "« node_exporter » inconnu" in ended.stderr
    assert "attendu : l'un de : greeter" in ended.stderr
