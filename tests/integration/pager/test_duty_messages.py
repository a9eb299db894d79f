"""What people are told of their duty, by the real process through real Kannel."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
import yaml
from alertmanager_members import Member

from deploy.estate.child import wait_until

NADIA, LUC, INES = "nadia.benali", "luc.marchand", "ines.robert"
NUMBERS = {NADIA: "+33639981003", LUC: "+33639981004", INES: "+33639981006"}
HAND_OVER = datetime.fromisoformat("2026-05-01T19:00:00+02:00")
TAKEOVER = re.compile(r"VIGIE (\d{4}) PRISE D'ASTREINTE Astreinte d'exploitation, .*")


def ask_for(estate: Any, **blocks: Any) -> None:
    path = estate.settings.path("rosters.yml")
    text = path.read_text("utf-8")
    path.write_text(text + "\n" + yaml.safe_dump(blocks), "utf-8")


def texts(estate: Any, number: str) -> list[str]:
    return [sms.text for sms in estate.handset.messages() if sms.to == number]


def takeover_code(estate: Any, number: str) -> str:
    def asked() -> list[str]:
        return [found[1] for text in texts(estate, number) if (found := TAKEOVER.match(text))]

    wait_until(asked, f"l'essai de prise d'astreinte de {number}", 20)
    (code,) = asked()
    return code


def test_the_hand_over_is_announced_tested_and_answered_once_through_a_crash(estate: Any) -> None:
    ask_for(estate, reminders={"before": ["1h"]}, takeover={"test": True})
    estate.start_sms()
    estate.start(clock=HAND_OVER - timedelta(minutes=30))
    estate.wait_sms(2, 20)  # the back-up takes over at the same hour
    (reminder,) = texts(estate, NUMBERS[LUC])
    assert reminder.startswith("VIGIE : votre astreinte commence ven 01/05 19:00, jusqu'au ven")
    estate.kill()
    estate.start(clock=HAND_OVER)
    code = takeover_code(estate, NUMBERS[LUC])
    estate.wait_sms(4)
    # No Alertmanager answers in this estate: the text says that silences are not known.
    assert texts(estate, NUMBERS[LUC])[1].endswith(
        f"Aucun incident en cours. Silences inconnus (Alertmanager muet). Répondez OK {code}"
    )
    assert len(texts(estate, NUMBERS[INES])) == 2
    estate.kill()
    estate.start(clock=HAND_OVER + timedelta(minutes=1))
    estate.stays_quiet(4, 6)
    estate.handset.reply(NUMBERS[LUC], "ok")
    wait_until(lambda: len(texts(estate, NUMBERS[LUC])) == 3, "la confirmation")
    assert texts(estate, NUMBERS[LUC])[2].startswith(
        f"VIGIE {code} : bien noté, vous avez l'astreinte"
    )
    # From now on an OK is about incidents again.
    assert estate.post(estate.alert()).status_code == 200
    wait_until(lambda: len(texts(estate, NUMBERS[LUC])) == 4, "la page")
    estate.handset.reply(NUMBERS[LUC], "ok")
    wait_until(lambda: estate.incident()["state"] == "acknowledged", "la prise en charge")
    assert estate.incident()["acknowledged_by"] == "Luc Marchand"


def test_a_change_is_told_to_both_and_who_steps_in_now_takes_over_with_what_is_open(
    estate: Any,
) -> None:
    token = estate.settings.path("alertmanager.token")
    member = Member(estate.folder / "am", estate.url("alertmanager/default"), token)
    try:
        silence(member)
        ask_for(estate, reminders={"before": []}, takeover={})
        integration = {
            "id": "default",
            "token_file": "alertmanager.token",
            "alertmanager_url": member.url,
        }
        estate.write(integrations=[integration])
        estate.start_sms()
        estate.start(clock=None)
        (roster, *_) = estate.get("duty")["rosters"]
        here = roster["people"][0]["id"]
        other = next(one for one in (NADIA, LUC) if one != here)
        estate.post(estate.alert())
        estate.wait_sms(1)
        replace_now(estate, other)
        code = takeover_code(estate, NUMBERS[other])
        wait_until(lambda: lost(estate), "ce que perd l'autre")
    finally:
        member.stop()
    gained, test = texts(estate, NUMBERS[other])
    assert gained.startswith("VIGIE : planning d'astreinte modifié. En plus : ")
    assert re.search(r"1 incident en cours.* 1 silence finit .* Répondez OK " + code, test)
    assert NUMBERS[other] not in lost(estate)
    # The incident pages the other one: this OK cannot be for it.
    estate.handset.reply(NUMBERS[other], "ok")
    wait_until(lambda: "bien noté" in texts(estate, NUMBERS[other])[-1], "la confirmation")
    assert estate.incident()["state"] == "paging"


def lost(estate: Any) -> set[str]:
    return {sms.to for sms in estate.handset.messages() if "En moins : " in sms.text}


def silence(member: Member) -> None:
    now = datetime.now(UTC)
    answer = requests.post(
        f"{member.url}/api/v2/silences",
        json={
            "matchers": [{"name": "alertname", "value": "Rien", "isRegex": False}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=3)).isoformat(),
            "createdBy": "test",
            "comment": "travaux",
        },
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    wait_until(
        lambda: requests.get(f"{member.url}/api/v2/silences", timeout=5).json(), "le silence"
    )


def replace_now(estate: Any, person: str) -> None:
    now = datetime.now(UTC)
    answer = requests.post(
        estate.url("rosters/changes"),
        json={
            "person": "helene.vasseur",
            "roster": "astreinte",
            "people": [person],
            "reason": "malade",
            "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=20)).isoformat(),
        },
        headers={"Authorization": f"Bearer {estate.settings.secret('operator.token')}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
