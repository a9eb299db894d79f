"""The words of each alert, expanded by Prometheus itself, fit an SMS whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from alertmanager.delivery.gsm7 import segments, transliterate
from alertmanager.delivery.sms_text import Subject, page_text

LONGEST_TOWN = Subject("4821", "Messagerie", "Saint-Aubin-des-Prés")


@pytest.fixture
def expanded(alert, promtool_test) -> list[dict[str, str]]:
    """The annotations with the longest plausible names, as promtool prints what it got."""
    tests = yaml.safe_load(Path(__file__).with_name("longest.yml").read_text("utf-8"))
    tests[0]["alert_rule_test"] = [
        {
            "eval_time": "59m",
            "alertname": alert.name,
            "exp_alerts": [{"exp_labels": {"never": "x"}}],
        }
    ]
    done = promtool_test(tests, "1m")
    printed = done.stdout + done.stderr
    got = printed.split("got:[", 1)[1]
    return [
        dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', line))
        for line in got.splitlines()
        if "Annotations:{" in line
    ]


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
