"""The dashboards of mail and of an account on a real Prometheus: none empty, the thief named."""

from __future__ import annotations

import pytest

from dashboards.grafana.emptiness import empty_panels
from dashboards.grafana.queries import EVERYTHING, panel_queries
from dashboards.grafana.shipped import shipped
from deploy.estate.child import wait_until

THIEF = "a.martin@ville-valmont.test"


def query(name, panel, ref="A", **values):
    asked = panel_queries(shipped(name), {**EVERYTHING, **values})
    return next(q.expr for q in asked if (q.panel, q.ref) == (panel, ref))


def values(site, expr, *labels):
    return {
        tuple(sample["metric"].get(label, "") for label in labels): float(sample["value"][1])
        for sample in site.ask(expr)
    }


def attacked(site):
    site.serve("attack")
    site.until(f"test_edition == {site.edition}")
    site.until('ALERTS{alertname="MailAccountCompromised",alertstate="firing"}')
    site.until("rate(mailqueue_log_lines_total[30s]) > 0")
    site.until("mail:log_in_failures:rate5m")
    site.until('mail:delivery_attempts:increase30m{member="valmont"}')


@pytest.mark.parametrize("name", ["mail", "mail_account"])
def test_in_an_attack_and_in_calm_no_panel_is_empty(site, name):
    attacked(site)
    assert empty_panels(site.url, shipped(name)) == []
    site.calm()
    assert empty_panels(site.url, shipped(name)) == []


def test_in_an_attack_the_account_is_shown_with_its_reasons_its_queue_and_what_others_say(site):
    attacked(site)
    score = query("mail", "Comptes qui envoient le plus")
    assert values(site, score, "account", "member") == {(THIEF, "valmont"): 97.2}
    held = query("mail", "Courrier retenu")
    assert values(site, held, "account") == {(THIEF,): 40}
    listed = query("mail", "Listes noires où nous sommes")
    assert values(site, listed, "address", "list") == {("192.0.2.10", "zen.liste.test"): 1}
    asked = query("mail", "Listes noires interrogées")
    assert values(site, asked, "list") == {("zen.liste.test",): 1, ("b.liste.test",): 0}
    witnesses = query("mail", "Messages témoins")
    assert values(site, witnesses, "member") == {("valmont",): 0, ("brecourt",): 1}
    reasons = query("mail_account", "Raisons de la note", account=THIEF)
    assert values(site, reasons, "reason") == {("volume",): 55, ("networks",): 75}
    since = query("mail_account", "Tenu pour volé depuis", account=THIEF)
    assert values(site, since, "account")[(THIEF,)] > 0


def test_another_account_shows_nothing_of_the_thief(site):
    attacked(site)
    other = query("mail_account", "Note", account="b@brecourt.test")
    assert values(site, other, "account") == {("calme",): 0}
    wait_until(lambda: values(site, query("mail_account", "Note", account=THIEF), "account")
               == {(THIEF,): 97.2}, "la note")  # fmt: skip


def test_calm_and_unmeasured_are_said_in_words(site):
    site.calm()
    assert values(site, query("mail", "Messages témoins"), "member") == {("aucun témoin",): -1}
    assert values(site, query("mail", "Listes noires où nous sommes"), "address") == {
        ("aucune",): 0
    }
    assert values(site, query("mail", "Décisions de rspamd"), "action") == {("non mesurées",): 0}
    assert values(site, query("mail", "Temps pour tout écouler"), "instance") == {
        ("ne diminue pas",): 0
    }
