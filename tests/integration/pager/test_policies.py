"""Whom the policies name, an acknowledgement that expires, a process dead while steps fell due."""

from __future__ import annotations

import time
from typing import Any

from deploy.estate.child import wait_until

DUTY_PHONE, MANAGER, DAY = "+33639981010", "+33639981007", "+33639981001"


def test_on_a_holiday_the_duty_phone_is_paged_then_the_team_and_either_may_answer(
    estate: Any,
) -> None:
    estate.write(
        policies=[
            {
                "id": "feries",
                "severity": ["critical"],
                "hours": ["holiday"],
                "labels": {"service": "messagerie"},
                "steps": [
                    {"duty_phone": "astreinte", "wait": "2s"},
                    {"team": "direction", "wait": "5m"},
                ],
            }
        ]
    )
    estate.start_sms()
    estate.start()
    estate.post(estate.alert())
    first, *team = estate.wait_sms(3)
    assert first.to == DUTY_PHONE
    assert {sms.to for sms in team} == {MANAGER, DAY}
    pages = estate.incident()["pages"]
    assert pages[0]["person_name"] == "téléphone d'astreinte (Nadia Benali)"
    estate.handset.reply(DUTY_PHONE, "ok")
    told = {sms.to: sms.text for sms in estate.wait_sms(6)[3:]}
    assert "pris en charge par vous" in told[DUTY_PHONE]
    assert "Nadia Benali" in told[MANAGER]
    # Of another service: the escalation for everything else.
    estate.post(estate.alert("b1", labels={"service": "hebergement", "alertname": "Autre"}))
    assert estate.wait_sms(7)[6].to == estate.first


def test_what_was_taken_and_still_fires_pages_again(estate: Any) -> None:
    estate.write(acknowledge_for="3s")
    estate.start_sms()
    estate.start()
    estate.post(estate.alert())
    estate.wait_sms(1)
    estate.handset.reply(estate.first, "OK")
    estate.wait_sms(2)
    again = estate.wait_sms(3, 20)[2]
    assert again.to == estate.first
    assert "(toujours en cours)" in again.text
    assert "acknowledgement.expired" in estate.events()


def test_of_the_steps_that_fell_due_while_the_process_was_dead_only_the_last_pages(
    estate: Any,
) -> None:
    estate.write(first_wait="20s")
    estate.start_sms()
    estate.start()
    estate.post(estate.alert())
    estate.wait_sms(1)
    wait_until(lambda: estate.incident()["messages"][0]["state"] == "delivered", "remise")
    estate.kill()
    time.sleep(1)
    # Two minutes later: both steps are over, the last resort is what would be running.
    estate.start(clock=estate.morning(minutes=2))
    second = estate.wait_sms(2)[1]
    assert second.to == estate.last
    estate.stays_quiet(2)
    reasons = [e["detail"] for e in estate.incident()["journal"] if e["event"] == "page.escalated"]
    assert reasons[-1]["reason"] == "étape échue pendant l'arrêt de Vigie"
    assert reasons[-1]["to_step"] == 2
