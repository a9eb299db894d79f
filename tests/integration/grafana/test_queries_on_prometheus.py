"""Every query of the overview on a real Prometheus: nothing empty, in calm and in attack."""

from __future__ import annotations

from dashboards.grafana.emptiness import empty_panels
from dashboards.grafana.queries import EVERYTHING, panel_queries
from dashboards.grafana.shipped import overview
from deploy.estate.child import wait_until

BOARD = overview()


def query(panel, ref="A", **values):
    found = [q for q in panel_queries(BOARD, {**EVERYTHING, **values}) if q.panel == panel]
    return next(q.expr for q in found if q.ref == ref)


def values(site, expr, *labels):
    return {
        tuple(sample["metric"].get(label, "") for label in labels): float(sample["value"][1])
        for sample in site.ask(expr)
    }


def test_in_an_attack_no_panel_is_empty_and_the_first_row_names_it(site):
    site.serve("attack")
    site.until('ALERTS{alertname="MailAccountCompromised",alertstate="firing"}')
    site.until("rate(vigie_host_cpu_seconds_total[30s]) > 0")
    assert empty_panels(site.url, BOARD) == []
    assert values(site, query("État par service"), "service")[("messagerie",)] == 2
    alerts = values(site, query("Alertes en cours"), "alertname", "member", "account")
    age = alerts[("MailAccountCompromised", "valmont", "a.martin@ville-valmont.test")]
    assert 0 <= age < 120
    accounts = query("Comptes qui envoient le plus", "B")
    stolen = {("a.martin@ville-valmont.test", "valmont"): 4000}
    assert values(site, accounts, "account", "member") == stolen


def test_in_calm_no_panel_is_empty_and_the_tables_say_that_nothing_is_wrong(site):
    site.calm()
    assert empty_panels(site.url, BOARD) == []
    assert values(site, query("État par service"), "service") == {
        ("hebergement",): 0,
        ("messagerie",): 0,
        ("sauvegarde",): 0,
        ("supervision",): 0,
    }
    assert values(site, query("Alertes en cours"), "alertname") == {("Aucune alerte en cours",): 0}
    assert values(site, query("Machines arrêtées qui doivent tourner"), "domain") == {
        ("Aucune",): 0
    }


def test_a_service_without_measures_is_shown_as_not_measured_and_never_as_well(site):
    site.calm(without="mailqueue_")
    assert values(site, query("État par service"), "service")[("messagerie",)] == -1
    empty = empty_panels(site.url, BOARD)
    assert "Messages par file [A] : aucune série" in empty
    assert not [panel for panel in empty if panel.startswith("Hyperviseurs")]


def test_a_member_narrows_what_is_its_own(site):
    site.calm()
    share = query("Âge de la dernière sauvegarde réussie", member="brecourt")
    assert set(values(site, share, "backup_job")) == {("brecourt-donnees",)}
    states = query("Machines par état", member="valmont")
    assert values(site, states, "state") == {("running",): 1}


def test_a_machine_that_should_run_and_does_not_is_named_with_its_owner(site):
    site.calm()
    site.text = site.text.replace(
        'domain="valmont-web",state="running",reason="booted"',
        'domain="valmont-web",state="shutoff",reason="destroyed"',
    )
    expr = query("Machines arrêtées qui doivent tourner")
    wait_until(lambda: ("valmont-web", "valmont") in values(site, expr, "domain", "member"), expr)
    site.text = "\n".join(line for line in site.text.splitlines() if '"mx1",uuid' not in line
                          and 'domain="mx1",state' not in line
                          and 'should_run{hypervisor="hv1",domain="mx1"' not in line)  # fmt: skip
    wait_until(lambda: ("mx1", "syndicat") in values(site, expr, "domain", "member"), expr)


def test_a_guest_in_trouble_is_named_with_its_owner_its_state_and_its_host(site):
    site.calm()
    trouble = query("Machines en difficulté")
    assert values(site, trouble, "domain") == {("Aucune",): 0}
    site.text = site.text.replace(
        'domain="valmont-web",state="running",reason="booted"',
        'domain="valmont-web",state="paused",reason="ioerror"',
    )
    named = ("valmont-web", "valmont", "hv1", "en pause, erreur de disque")
    labels = ("domain", "member", "hypervisor", "trouble")
    wait_until(lambda: named in values(site, trouble, *labels), trouble)
    states = query("État de chaque machine")
    assert values(site, states, "domain") == {("valmont-web",): 5, ("mx1",): 1}
    assert values(site, query("Machines en difficulté", member="brecourt"), "domain") == {
        ("Aucune",): 0
    }


def test_capacity_and_storage_show_what_is_measured_and_say_what_is_not(site):
    site.calm()
    assert values(site, query("Mémoire promise"), "hypervisor", "scope") == {
        ("hv1", "running"): 0.25
    }
    assert values(site, query("Perte d’un hôte"), "hypervisor") == {("Aucune grappe",): 0}
    # A group of recording rules of its own, which may be evaluated a moment later.
    promised = query("Stockages", "C")
    wait_until(lambda: values(site, promised, "pool") == {("rapide",): 1.4}, "les promesses", 15)
    assert values(site, query("Espace promis par membre"), "member") == {("valmont",): 42949672960}
    assert values(site, query("Certificats"), "certificate") == {("Aucun",): 0}


def test_a_prometheus_that_does_not_answer_makes_every_panel_empty():
    empty = empty_panels("http://127.0.0.1:9", BOARD)
    assert len(empty) == len(list(panel_queries(BOARD))) + 2
    assert all("Prometheus injoignable (ConnectionError)" in line for line in empty)


def test_a_query_that_prometheus_refuses_is_told_with_its_reason(site):
    board = {"panels": [{"title": "P", "type": "stat", "targets": [{"expr": "rate(up)"}]}]}
    assert empty_panels(site.url, board)[0].startswith("P [A] : requête refusée : ")
    never = {"panels": [{"title": "P", "type": "stat", "targets": [{"expr": "vector(0)/0"}]}]}
    assert empty_panels(site.url, never) == ["P [A] : rien que des NaN"]
