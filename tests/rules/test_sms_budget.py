"""The words of each alert, expanded by Prometheus itself, fit an SMS whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from alertmanager.delivery.gsm7 import segments, transliterate
from alertmanager.delivery.sms_text import Subject, page_text

LONGEST_TOWN = Subject("4821", "Messagerie", "Saint-Aubin-des-Prés")


EVALUATED = {"hours": ("1m", "79m"), "office": ("5m", "8h"), "days": ("1h", "170h")}
"""How often the rules are evaluated over each block of longest.yml, and when it is looked at."""


def _block(alert) -> str:
    """The block of longest.yml in which it fires."""
    if alert.lasting.endswith("d"):
        return "days"
    return "office" if "paris:office_hours" in alert.expr else "hours"


@pytest.fixture(scope="module")
def all_expanded(alerts, promtool_test) -> dict[str, list[dict[str, str]]]:
    """The annotations of each alert with the longest plausible names, as promtool prints them."""
    tests = yaml.safe_load(Path(__file__).with_name("longest.yml").read_text("utf-8"))
    found: dict[str, list[dict[str, str]]] = {}
    for block, (every, at) in EVALUATED.items():
        test = tests[block]
        test["alert_rule_test"] = [
            {
                "eval_time": at,
                "alertname": alert.name,
                "exp_alerts": [{"exp_labels": {"never": "x"}}],
            }
            for alert in alerts
            if _block(alert) == block
        ]
        done = promtool_test([test], every)
        for part in (done.stdout + done.stderr).split("alertname: ")[1:]:
            found[part.split(",", 1)[0]] = [
                dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', line))
                for line in part.split("got:[", 1)[1].splitlines()
                if "Annotations:{" in line
            ]
    return found


@pytest.fixture
def expanded(alert, all_expanded) -> list[dict[str, str]]:
    return all_expanded.get(alert.name, [])


def test_summary_and_action_fit_two_sms_uncut(alert, expanded) -> None:
    assert expanded, "the alert does not fire with the longest names"
    for words in expanded:
        text = page_text(
            LONGEST_TOWN,
            alert.labels["severity"],
            "01/05 07:12",
            words["summary"],
            words["action"],
        )
        assert segments(text) <= 2
        assert transliterate(words["summary"]).rstrip(" .") in text
        assert transliterate(words["action"]).rstrip(" .") in text


def test_no_figure_is_written_as_a_programmer_would(expanded) -> None:
    for words in expanded:
        for text in words.values():
            assert not re.search(r"\de\+\d|NaN|Inf|<no value>|%!|  ", text), text
