"""alertmanager.yml: what amtool says of it, and where each alert goes."""

from __future__ import annotations

import yaml


def test_amtool_accepts_the_configuration(run, package) -> None:
    done = run("amtool", "check-config", package / "alertmanager.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_reaches_its_receiver(alert, run, package) -> None:
    wanted = "vigie-sentinel,vigie-watchdog" if alert.name == "Watchdog" else "vigie"
    done = run(
        *("amtool", "config", "routes", "test"),
        f"--config.file={package / 'alertmanager.yml'}",
        f"--verify.receivers={wanted}",
        f"alertname={alert.name}",
        *(f"{name}={value}" for name, value in alert.labels.items()),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_nobody_foresaw_reaches_the_pager_too(run, package) -> None:
    done = run(
        *("amtool", "config", "routes", "test"),
        f"--config.file={package / 'alertmanager.yml'}",
        "--verify.receivers=vigie",
        "alertname=SomethingOfTheSite",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_label_an_inhibition_compares_is_on_the_alerts_it_names(package, cases) -> None:
    """An `equal` label that both sides lack would inhibit everything."""
    fired: dict[str, set[str]] = {}
    for case in cases:
        for check in case["alert_rule_test"]:
            for expected in check.get("exp_alerts") or ():
                labels = set(expected["exp_labels"])
                # `absent` has no instance to tell, and no inhibition to make.
                if check["alertname"] == "ExporterDown" and "instance" not in labels:
                    continue
                fired.setdefault(check["alertname"], labels).intersection_update(labels)
    configuration = yaml.safe_load((package / "alertmanager.yml").read_text("utf-8"))
    for rule in configuration["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            for name in matcher.split('"')[1].split("|"):
                assert set(rule["equal"]) <= fired[name], name


def test_no_secret_sits_in_the_configuration(package) -> None:
    text = (package / "alertmanager.yml").read_text("utf-8")
    assert "credentials_file: /etc/vigie/alertmanager.token" in text
    assert "credentials:" not in text
    assert "password" not in text
