"""What the texts of the mail alerts put into French is all that the exporter can say."""

from __future__ import annotations

import re

from exporters.mailqueue.canary.ledger import STAGES
from exporters.mailqueue.detector.score import WEIGHTS
from exporters.mailqueue.log.reasons import REASONS


def _translated(alerts, name: str) -> set[str]:
    summary = next(alert.annotations["summary"] for alert in alerts if alert.name == name)
    return set(re.findall(r'if eq \. "(\w+)"', summary))


def test_every_reason_of_the_detector_has_its_word(alerts) -> None:
    assert _translated(alerts, "MailAccountCompromised") == {*WEIGHTS, "backstop"}


def test_every_reason_of_a_failed_delivery_has_its_word(alerts) -> None:
    for name in ("MailDeliveryFailing", "MailOutgoingRefused"):
        assert _translated(alerts, name) == set(REASONS)


def test_every_stage_of_a_canary_has_its_word(alerts) -> None:
    for name in ("MailCanaryLost", "MailCanaryLostEverywhere"):
        assert _translated(alerts, name) == set(STAGES)
