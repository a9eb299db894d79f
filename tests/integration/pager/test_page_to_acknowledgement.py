"""The main job, on a real gateway: posted, paged, delivered, acknowledged, told when over."""

from __future__ import annotations

from typing import Any

import pytest

from alertmanager.delivery.gsm7 import segments
from deploy.estate.child import wait_until


@pytest.mark.parametrize("estate", ["sqlite", "postgresql"], indirect=True)
def test_an_alert_pages_the_person_on_duty_who_answers_ok_and_is_told_the_end(
    running: Any,
) -> None:
    assert running.post(running.alert()).status_code == 200
    (page,) = running.wait_sms(1)
    code = running.incident()["code"]
    assert page.to == running.first
    assert page.text == (
        f"VIGIE {code} CRITIQUE Messagerie, Valmont-sur-Lys, 07:12 : compte"
        " j.martin@ville-valmont.test piraté probable, 1840 destinataires en 2 min depuis 12"
        f" adresses. Bloquer le compte, purger sa file. Répondez OK {code}"
    )
    assert segments(page.text) == 2
    wait_until(lambda: running.incident()["messages"][0]["state"] == "delivered", "remise")
    running.handset.reply(running.first, "ok")
    confirmation = running.wait_sms(2)[1]
    assert confirmation.text.startswith(f"VIGIE {code} : pris en charge par vous à 07:1")
    incident = running.incident()
    assert incident["state"] == "acknowledged"
    assert incident["acknowledged_by"] == "Nadia Benali"
    assert running.post(running.alert(status="resolved")).status_code == 200
    end = running.wait_sms(3)[2]
    assert (end.to, end.text.split(",")[0]) == (running.first, f"VIGIE {code} TERMINÉ Messagerie")
    running.stays_quiet(3)
    assert running.events() == [
        "incident.opened",
        "alert.received",
        "roster.resolved",
        "page.created",
        "message.accepted",
        "message.delivered",
        "reply.received",
        "incident.acknowledged",
        "message.accepted",
        "message.delivered",
        "alert.received",
        "incident.resolved",
        "resolution.told",
        "message.accepted",
        "message.delivered",
    ]
