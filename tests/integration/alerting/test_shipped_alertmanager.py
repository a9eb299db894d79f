"""The shipped alertmanager.yml in a real Alertmanager: seconds, paths, tokens, inhibitions."""

from __future__ import annotations

import time

MAIL = {"service": "messagerie", "severity": "critical", "impact": "degraded", "scope": "service"}
COMPROMISED = {
    "alertname": "MailAccountCompromised",
    "member": "valmont",
    "account": "a@v.test",
    **MAIL,
}
JAMMED = {"alertname": "MailQueueJammed", **MAIL}


def test_a_critical_alert_is_posted_within_two_seconds_with_the_token(
    alertmanager, webhook
) -> None:
    fired = alertmanager({**COMPROMISED, "instance": "mx1:17420"})
    posted = webhook.wait_for("default", 5, alertname="MailAccountCompromised")
    assert posted - fired < 2
    assert webhook.posts[0][1] == "Bearer jeton-du-test"
    assert webhook.posts[0][2]["truncatedAlerts"] == 0


def test_the_cause_silences_its_symptom_on_the_same_host_only(alertmanager, webhook) -> None:
    alertmanager({**COMPROMISED, "instance": "mx1:17420"})
    webhook.wait_for("default", 5, alertname="MailAccountCompromised")
    alertmanager({**JAMMED, "instance": "mx1:17420"}, {**JAMMED, "instance": "mx2:17420"})
    webhook.wait_for("default", 5, alertname="MailQueueJammed", instance="mx2:17420")
    time.sleep(3)  # three times the critical group_wait
    posted = {
        labels["instance"]
        for _, labels, _ in webhook.alerts("default")
        if labels["alertname"] == "MailQueueJammed"
    }
    assert posted == {"mx2:17420"}


def test_two_towns_hit_at_once_are_two_groups(alertmanager, webhook) -> None:
    down = {"alertname": "HypervisorDomainDown", "severity": "critical", "service": "hebergement"}
    alertmanager(
        {**down, "member": "valmont", "domain": "valmont-web"},
        {**down, "member": "valmont", "domain": "valmont-metier"},
        {**down, "member": "brecourt", "domain": "brecourt-web"},
    )
    for domain in ("valmont-web", "valmont-metier", "brecourt-web"):
        webhook.wait_for("default", 5, domain=domain)
    groups = {body["groupKey"]: len(body["alerts"]) for _, _, body, _ in webhook.posts}
    assert sorted(groups.values()) == [1, 2]


def test_the_watchdog_goes_its_own_way(alertmanager, webhook) -> None:
    fired = alertmanager({"alertname": "Watchdog", "severity": "none", "service": "supervision"})
    posted = webhook.wait_for("watchdog", 5, alertname="Watchdog")
    assert posted - fired < 2
    assert webhook.alerts("default") == []
