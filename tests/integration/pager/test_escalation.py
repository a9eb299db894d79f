"""Nobody answers, the gateway fails, the wrong person answers: on a real gateway."""

from __future__ import annotations

from typing import Any

from deploy.estate.child import wait_until


def test_without_an_answer_the_next_person_is_paged_and_the_first_is_told_who_took_it(
    estate: Any,
) -> None:
    estate.write(first_wait="2s")
    estate.start_sms()
    estate.start()
    estate.post(estate.alert())
    first, second = estate.wait_sms(2)
    assert [first.to, second.to] == [estate.first, estate.second]
    assert second.seen_at - first.seen_at > 1.9
    estate.handset.reply("0639981005", f"ok {estate.incident()['code']} Yann")
    told = estate.wait_sms(4)[2:]
    texts = {m.to: m.text for m in told}
    assert "pris en charge par vous" in texts[estate.second]
    assert "Yann Le Goff a pris en charge" in texts[estate.first]
    estate.stays_quiet(4, 3)  # the last resort would have been paged by now
    reasons = [e["detail"] for e in estate.incident()["journal"] if e["event"] == "page.escalated"]
    assert [r["reason"] for r in reasons] == ["sans réponse dans le délai"]


def test_accepted_by_the_gateway_is_not_delivered_and_the_next_person_is_tried(
    estate: Any,
) -> None:
    estate.write(kannel={"delivery_deadline": "2s"})
    estate.gateway.start()  # and no network behind it: « 3: Queued for later delivery »
    estate.start()
    estate.post(estate.alert())
    wait_until(lambda: len(estate.incident()["pages"]) == 3, "trois personnes", 15)
    messages = estate.incident()["messages"]
    assert [m["recipient"] for m in messages] == ["nadia.benali", "yann.legoff", "helene.vasseur"]
    assert [m["state"] for m in messages[:2]] == ["unconfirmed", "unconfirmed"]
    assert "message.delivered" not in estate.events()
    estate.handset.start()  # the network is back: the proof comes late, and counts
    estate.wait_sms(3, 30)
    wait_until(
        lambda: {m["state"] for m in estate.incident()["messages"]} == {"delivered"}, "remise"
    )


def test_a_gateway_that_is_down_delays_the_page_and_does_not_lose_it(estate: Any) -> None:
    estate.start()
    estate.post(estate.alert())

    def delayed() -> bool:
        message = estate.incident()["messages"][0]
        return message["attempts"] >= 2 and message["state"] == "pending"

    wait_until(delayed, "deux essais", 20, 0.02)
    assert estate.incident()["messages"][0]["error"] == "passerelle SMS : injoignable"
    estate.start_sms()
    (sms,) = estate.wait_sms(1)
    assert "(rappel)" not in sms.text  # it never left before


def test_who_was_not_paged_takes_nothing_and_a_wrong_code_is_answered(running: Any) -> None:
    running.post(running.alert())
    running.wait_sms(1)
    code = running.incident()["code"]
    running.handset.reply(running.last, f"OK {code}")
    running.stays_quiet(1)
    assert running.incident()["state"] == "paging"
    running.handset.reply(running.first, "ok 0000")
    answer = running.wait_sms(2)[1]
    assert answer.text == (
        f"VIGIE : code 0000 inconnu. En attente : {code} Messagerie, Valmont-sur-Lys."
        f" Répondez OK {code}"
    )
    running.handset.reply(running.first, f"Reçu {code}, j'y vais")
    running.wait_sms(3)
    assert running.incident()["state"] == "acknowledged"


def test_callbacks_from_elsewhere_are_refused(estate: Any) -> None:
    estate.write(kannel={"callback_allow": ["10.1.2.0/24"]})
    estate.start_sms()
    estate.start()
    estate.post(estate.alert())
    estate.wait_sms(1)
    estate.handset.reply(estate.first, "OK")
    estate.stays_quiet(1)
    incident = estate.incident()
    assert incident["state"] == "paging"
    assert incident["messages"][0]["state"] == "accepted"
