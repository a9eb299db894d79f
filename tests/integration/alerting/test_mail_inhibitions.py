"""The shipped inhibitions between the alerts of mail, in a real Alertmanager."""

from __future__ import annotations

import pytest

PAGE = {"severity": "critical", "service": "messagerie", "impact": "degraded", "scope": "service"}
MX1, MX2 = {**PAGE, "instance": "mx1:17420"}, {**PAGE, "instance": "mx2:17420"}
VALMONT = {**MX1, "scope": "member", "member": "valmont"}
BRECOURT = {**VALMONT, "member": "brecourt"}
THEFT = {**MX1, "alertname": "MailAccountCompromised", "member": "valmont", "account": "a@v.test"}

CASES = {
    "a theft explains the spool that fills, on its host": (
        THEFT,
        {**MX1, "alertname": "MailSpoolFilling", "resource": "inodes"},
        {**MX2, "alertname": "MailSpoolFilling", "resource": "inodes"},
    ),
    "a theft explains backscatter, but not a town whose canaries are lost": (
        THEFT,
        {**MX1, "alertname": "MailBackscatter"},
        {**BRECOURT, "alertname": "MailCanaryLost"},
    ),
    "a jam explains the canaries that are lost": (
        {**MX1, "alertname": "MailQueueJammed"},
        {**BRECOURT, "alertname": "MailCanaryLost"},
        {**BRECOURT, "alertname": "MailCanaryLost", "instance": "mx2:17420"},
    ),
    "a service that is down for all is not told town by town": (
        {**MX1, "alertname": "MailCanaryLostEverywhere"},
        {**VALMONT, "alertname": "MailCanaryLost"},
        {**VALMONT, "alertname": "MailDeliveryFailing"},
    ),
    "what does not arrive is not also late": (
        {**VALMONT, "alertname": "MailCanaryLost"},
        {**VALMONT, "alertname": "MailCanarySlow"},
        {**BRECOURT, "alertname": "MailCanarySlow"},
    ),
}


@pytest.mark.parametrize(("cause", "symptom", "other"), CASES.values(), ids=CASES)
def test_the_cause_silences_its_symptom_and_nothing_else(cause, symptom, other, silences) -> None:
    silences(cause, symptom, other)
