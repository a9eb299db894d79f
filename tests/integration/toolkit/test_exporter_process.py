"""The process as an operator and Prometheus see it."""

from __future__ import annotations

import gzip
import signal
import socket
import subprocess
import threading
import time

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

SUCCESS = "vigie_scrape_collector_success"


def values(text: str) -> dict[tuple, float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in plain(text)
        for sample in family.samples
    }


def in_thread(call, *arguments, **named):
    results: list = []
    thread = threading.Thread(target=lambda: results.append(call(*arguments, **named)))
    thread.start()
    return thread, results


def wait_for(check, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


def calls(gate) -> int:
    path = gate / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_a_third_party_wheel_is_measured_once_it_is_enabled(start, config):
    found = values(start(config("{sample: {greeting: salut}}")).get().text)
    assert found["sample_members", "salut"] == 8
    assert found[SUCCESS, "sample"] == 1


def test_a_third_party_collector_is_off_and_not_imported_until_enabled(start, config, tmp_path):
    mark = tmp_path / "imported"
    answer = start(config(), mark=mark).get()
    assert "sample_" not in answer.text
    assert not mark.exists()


def test_the_name_of_a_built_in_cannot_be_taken_over(start, config):
    log = start(config()).wait_for_log("écarté")
    assert "collecteur « host » de vigie-sample écarté" in log


def test_a_collector_that_raises_does_not_spoil_the_others(start, config):
    exporter = start(config("{sample: {}, sample_raise: {}}"))
    for _ in range(3):
        answer = exporter.get()
        found = values(answer.text)
        assert answer.status == 200
        assert found["sample_members", "bonjour"] == 8
        assert (found[SUCCESS, "sample"], found[SUCCESS, "sample_raise"]) == (1, 0)
        assert "sample_half" not in answer.text
    assert exporter.log.read_text().count("la source ne répond pas") == 1


def test_a_collector_that_hangs_costs_one_thread_and_no_deadline(start, config, gate):
    exporter = start(config(f"{{sample: {{}}, sample_gate: {{folder: {gate}}}}}"))
    (gate / "shut").touch()
    for _ in range(3):
        began = time.monotonic()
        found = values(exporter.get(headers={"X-Prometheus-Scrape-Timeout-Seconds": "1.5"}).text)
        assert time.monotonic() - began < 1.5
        assert (found[SUCCESS, "sample"], found[SUCCESS, "sample_gate"]) == (1, 0)
    assert calls(gate) == 1
    (gate / "shut").unlink()
    wait_for(lambda: values(exporter.get().text)[SUCCESS, "sample_gate"] == 1)
    assert values(exporter.get().text)["sample_gate_open",] == 1


def test_scrapes_at_the_same_time_share_one_collection(start, config, gate):
    exporter = start(config(f"{{sample_gate: {{folder: {gate}}}}}"))
    (gate / "shut").touch()
    scrapes = [in_thread(exporter.get) for _ in range(5)]
    wait_for(lambda: calls(gate) == 1)
    time.sleep(0.3)
    (gate / "shut").unlink()
    for thread, results in scrapes:
        thread.join(timeout=10)
        assert values(results[0].text)[SUCCESS, "sample_gate"] == 1
    assert calls(gate) == 1


def test_clashing_series_are_left_out_and_the_page_stays_sound(start, config):
    text = start(config("{sample: {}, sample_clash: {}}")).get().text
    found = values(text)
    assert found["process_max_fds",] > 0
    assert (found[SUCCESS, "sample"], found[SUCCESS, "sample_clash"]) == (1, 0)
    assert text.count("\nsample_members{") == 1


def test_the_page_is_clean_for_promtool_and_has_no_created_series(start, config):
    text = start(config("{sample: {}}")).get().text
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text,
        text=True,
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert "_created" not in text
    assert "vigie_exporter_build_info{" in text
    assert "python_gc_collections_total" in text


def test_openmetrics_and_gzip_are_given_to_those_who_ask(start, config):
    exporter = start(config("{sample: {}}"))
    answer = exporter.get(
        headers={
            "Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
            "Accept-Encoding": "gzip",
        }
    )
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-encoding"] == "gzip"
    text = gzip.decompress(answer.body).decode()
    assert text.endswith("# EOF\n")
    assert text.count("# EOF") == 1
    assert "sample_members" in {family.name for family in openmetrics(text)}
    plain_answer = exporter.get()
    assert plain_answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "content-encoding" not in plain_answer.headers


def test_routes_methods_and_filters(start, config):
    exporter = start(config("{sample: {}, sample_raise: {}}"), "--web.telemetry-path", "/mesures")
    assert exporter.get("/-/healthy").status == 200
    assert exporter.get("/-/ready").status == 200
    assert 'href="/mesures"' in exporter.get("/").text
    assert exporter.get("/metrics").status == 404
    assert exporter.get("/mesures", method="HEAD").body == b""
    refused = exporter.get("/mesures", method="POST")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    assert exporter.get("/mesures", method="BREW").status == 405
    one = exporter.get("/mesures?collect[]=sample").text
    assert (SUCCESS, "sample_raise") not in values(one)
    assert exporter.get("/mesures?collect[]=nobody").json["status"] == 400


def test_exporter_metrics_can_be_left_out(start, config):
    text = start(config("{sample: {}}"), "--web.disable-exporter-metrics").get().text
    assert "process_" not in text
    assert "python_gc_" not in text
    assert "vigie_exporter_build_info" in text


def test_more_requests_than_allowed_get_503(start, config, gate):
    exporter = start(config(f"{{sample_gate: {{folder: {gate}}}}}"), "--web.max-requests", 1)
    (gate / "shut").touch()
    thread, results = in_thread(exporter.get)
    wait_for(lambda: calls(gate) == 1)
    assert exporter.get().status == 503
    assert exporter.get("/-/healthy").status == 200
    (gate / "shut").unlink()
    thread.join(timeout=10)
    assert results[0].status == 200


def test_sigterm_lets_the_running_scrape_finish_then_closes_and_exits_0(start, config, gate):
    exporter = start(config(f"{{sample_gate: {{folder: {gate}}}}}"))
    (gate / "shut").touch()
    thread, results = in_thread(exporter.get)
    wait_for(lambda: calls(gate) == 1)
    with socket.create_connection(("127.0.0.1", exporter.port)) as idle:
        idle.settimeout(5)
        # Answered once: until then it may still wait to be accepted, and be reset instead.
        idle.sendall(b"GET /-/nowhere HTTP/1.1\r\nHost: h\r\n\r\n")
        assert idle.recv(9) == b"HTTP/1.1 "
        exporter.process.send_signal(signal.SIGTERM)
        exporter.wait_for_log("arrêt demandé")
        while idle.recv(1024):
            pass
    time.sleep(0.2)
    assert exporter.process.poll() is None
    (gate / "shut").unlink()
    assert exporter.process.wait(timeout=10) == 0
    thread.join(timeout=10)
    assert results[0].status == 200
    assert (gate / "closed").exists()


def test_a_hung_collector_does_not_keep_the_process_from_stopping(start, config, gate):
    exporter = start(config(f"{{sample_gate: {{folder: {gate}}}}}"))
    (gate / "shut").touch()
    exporter.get(headers={"X-Prometheus-Scrape-Timeout-Seconds": "0.5"})
    assert exporter.terminate() == 0
    assert "toujours occupé" in exporter.log.read_text()


def test_a_scrape_that_does_not_end_is_not_waited_for_for_ever(start, config, gate):
    exporter = start(config(f"{{sample_gate: {{folder: {gate}}}}}"))
    (gate / "shut").touch()
    address = ("127.0.0.1", exporter.port)
    with socket.create_connection(address) as patient:
        patient.sendall(
            b"GET /metrics HTTP/1.0\r\nX-Prometheus-Scrape-Timeout-Seconds: 100\r\n\r\n"
        )
        wait_for(lambda: calls(gate) == 1)
        assert exporter.terminate() == 0
    assert "des relevés n'étaient pas terminés" in exporter.log.read_text()


def test_when_one_address_of_two_is_taken_nothing_is_served(run, config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run(
            "--config", config(), "--collector.disable-defaults",
            "--web.listen-address", "127.0.0.1:0",
            "--web.listen-address", f"127.0.0.1:{taken.getsockname()[1]}",
        )  # fmt: skip
    assert ended.returncode == 1
    assert "à l'écoute" not in ended.stderr


def test_sighup_is_accepted(start, config):
    exporter = start(config("{sample: {}}"))
    exporter.process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    assert exporter.get().status == 200
    assert exporter.terminate() == 0


def test_several_addresses_are_served(start, config):
    exporter = start(config(), "--web.listen-address", "[::1]:0")
    text = exporter.log.read_text()
    other = int(text.partition("[::1]:")[2].partition(" ")[0].strip('"'))
    with socket.create_connection(("::1", other), timeout=5) as client:
        client.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_every_fault_is_told_before_listening(run, config, tmp_path):
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("syndicate: {id: Syndicat, name: S}\nservices: []\nmembers: []\n")
    path = config("{sample: {greetings: 1}, sample_gate: {}, nobody: {}}", "web: {port: 1}\n")
    path.write_text(
        path.read_text().replace(path.read_text().splitlines()[0], "inventory: inventory.yml")
    )
    ended = run("--config", path)
    assert ended.returncode == 2
    for words in (
        "exporter.yml:2: collectors.sample.greetings: clé inconnue",
        "exporter.yml:2: collectors.sample_gate.folder: clé obligatoire absente",
        "exporter.yml:2: collectors.nobody: collecteur « nobody » inconnu",
        "exporter.yml:3: web.port: clé inconnue",
        "inventory.yml:1: syndicate.id:",
        "inventory.yml:2: services: liste trop courte",
    ):
        assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_check_flag_only_validates(run, config):
    ended = run(
        "--config", config("{sample: {}}"), "--config.check", "--collector.disable-defaults"
    )
    assert ended.returncode == 0
    assert "Collecteurs : sample." in ended.stdout


def test_a_broken_plugin_that_was_asked_for_is_a_fault(run, config):
    ended = run("--config", config(), "--collector.sample_broken")
    assert ended.returncode == 2
    assert "--collector.sample_broken" in ended.stderr
    assert "import impossible (RuntimeError : this plugin is broken)" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_package_missing_at_build_time_is_a_fault_before_listening(run, config):
    ended = run("--config", config("{sample_lazy: {}}"), "--collector.disable-defaults")
    assert ended.returncode == 2
    assert "module Python « module_that_is_not_installed » absent" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_a_sentence(run, config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(
            "--config", config(), "--collector.disable-defaults",
            "--web.listen-address", f"127.0.0.1:{port}",
        )  # fmt: skip
    assert ended.returncode == 1
    assert f"le port {port} est déjà pris par un autre programme" in ended.stderr
    assert "Traceback" not in ended.stderr
