"""vigie-status as people run it: its page follows the webhook and Prometheus."""

from __future__ import annotations

import re
import socket

import requests

from dashboards.status.links import member_token

ATTACK = {
    "id": "7f1a", "service": "messagerie", "scope": "service", "member": None, "impact": "degraded",
    "started_at": "2026-05-01T05:13:05Z", "acknowledged_at": None, "resolved_at": None,
}  # fmt: skip
DOWN = {
    **ATTACK, "id": "9c2b", "service": "hebergement", "scope": "member", "member": "valmont",
    "impact": "outage",
}  # fmt: skip
CALM = "Tous les services fonctionnent"
LOST = "L’état des services est inconnu"
KEY = b"0123456789abcdef" * 3


def link(member):
    return f"/m/{member_token(KEY, member)}/"


def test_the_page_is_disturbed_while_the_attack_lasts_and_back_to_normal_after(bench):
    bench.webhook.incidents = [ATTACK]
    for path in ("/", link("valmont"), link("noirmont")):
        bench.shows("Un service est perturbé", path)
        assert "vendredi 1er mai 2026 à 7 h 13" in bench.page(path).replace("\u00a0", " ")
    bench.webhook.incidents = [{**ATTACK, "acknowledged_at": "2026-05-01T05:13:40Z"}]
    bench.shows("Pris en charge par l’astreinte")
    bench.webhook.incidents = [{**ATTACK, "resolved_at": "2026-05-01T05:14:10Z"}]
    bench.shows(CALM)
    assert "Le fonctionnement est revenu à la normale." in bench.page()


def test_a_machine_of_one_town_down_is_seen_by_that_town_alone(bench):
    bench.webhook.incidents = [DOWN]
    bench.shows("Un serveur de votre commune est arrêté", link("valmont"))
    for path in ("/", link("brecourt"), link("noirmont")):
        page = bench.page(path)
        assert CALM in page or "Le service fonctionne" in page
        assert "almont" not in page


def test_a_webhook_that_fails_or_breaks_the_contract_leads_to_unknown_and_never_to_working(bench):
    bench.webhook.status = 503
    bench.shows(LOST)
    assert ">Fonctionne<" not in bench.page()
    bench.webhook.status = 200
    bench.shows(CALM)
    bench.webhook.incidents = [{**ATTACK, "impact": "catastrophe"}]
    bench.shows(LOST)
    metrics = requests.get(f"{bench.url}/metrics", timeout=5).text
    assert 'vigie_status_source_up{source="webhook"} 0.0' in metrics
    assert "hors contrat (incidents.0.impact)" in bench.children["status"].log.read_text()


def test_a_prometheus_that_is_gone_leads_to_unknown_and_back(bench):
    bench.stop("prometheus")
    bench.shows(LOST)
    bench.start_prometheus()
    bench.shows(CALM)


def test_the_token_reaches_the_webhook_and_no_log(bench):
    assert bench.webhook.seen_tokens == {"Bearer jeton-du-lecteur"}
    bench.page(link("valmont"))
    requests.get(f"{bench.url}/m/un-essai/", timeout=5)
    log = bench.children["status"].log.read_text()
    assert "jeton-du-lecteur" not in log
    assert member_token(KEY, "valmont") not in log
    assert KEY.decode() not in log


def test_sigterm_ends_the_process_with_status_0(bench):
    child = bench.stop("status")
    assert child.process.returncode == 0
    assert "event=stopped" in child.tail()


def test_a_port_that_is_taken_is_a_message_and_not_a_crash(bench):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        ended = bench.run_status("--config", str(bench.config), "--web.listen-address", address)
    assert ended.returncode == 1
    assert f"Impossible d'écouter sur {address} : le port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_faulty_configuration_stops_the_process_before_it_listens(bench, tmp_path):
    faulty = tmp_path / "status.yml"
    faulty.write_text("inventory: absent.yml\nwebhook: {url: ftp://x}\n")
    ended = bench.run_status("--config", str(faulty))
    assert ended.returncode == 2
    assert re.search(r"Configuration refusée : \d fautes\.", ended.stderr)
    assert "status.yml:2: webhook.url: « ftp://x »" in ended.stderr
    assert bench.run_status("--config", str(bench.config), "--config.check").returncode == 0
