"""Two real gateways in one channel: when the first fails, the second takes the message."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.estate.child import wait_until
from deploy.estate.sms import Handset, SmsGateway


class Pair:
    """The estate with a second gateway, behind the first in the channel `sms`."""

    def __init__(self, estate: Any) -> None:
        self.estate = estate
        own = estate.ports.sentinel_gateway
        self.second = SmsGateway(estate.folder / "k2", own, estate.url("kannel.secours/reply"))
        self.handset = Handset(estate.folder / "h2", own)
        first, second = (
            {
                "url": gateway.send_url,
                "username": gateway.username,
                "password_file": str(gateway.password_file),
                "timeout": "2s",
            }
            for gateway in (estate.gateway, self.second)
        )
        estate.write(
            notifiers={"kannel": first, "kannel.secours": second},
            channels=[{"id": "sms", "through": ["kannel", "kannel.secours"]}],
        )
        self.second.start()
        self.handset.start()

    def page(self, name: str = "a1") -> Any:
        """A page of a kind of its own; the SMS on the second network."""
        before = len(self.handset.messages())
        labels = {"alertname": f"Panne {name}"}
        assert self.estate.post(self.estate.alert(name, labels=labels)).status_code == 200
        wait_until(lambda: len(self.handset.messages()) > before, "un SMS par la seconde", 20)
        return self.handset.messages()[before]

    def message(self) -> dict[str, Any]:
        """The only message."""
        (only,) = self.estate.incident()["messages"]
        return dict(only)


@pytest.fixture
def pair(estate: Any) -> Iterator[Pair]:
    pair = Pair(estate)
    yield pair
    pair.handset.stop()
    pair.second.stop()


def test_a_first_gateway_that_is_gone_costs_no_time_and_no_reminder(pair: Pair) -> None:
    pair.estate.start()
    sms = pair.page()
    assert sms.to == pair.estate.first
    assert "(rappel)" not in sms.text
    wait_until(lambda: pair.message()["state"] == "delivered", "remise par la seconde")
    # What comes back by the second is understood too, and is what takes the incident.
    pair.handset.reply(pair.estate.first, "OK")
    wait_until(lambda: pair.estate.incident()["state"] == "acknowledged", "prise en charge")


def test_a_password_that_the_first_refuses_is_no_reason_to_wait(pair: Pair) -> None:
    wrong = pair.estate.folder / "wrong.password"
    wrong.touch(mode=0o600)
    wrong.write_text("faux\n")
    estate = pair.estate
    changed = {
        "url": estate.gateway.send_url,
        "username": estate.gateway.username,
        "password_file": str(wrong),
    }
    notifiers = {**estate.settings_of("webhook.yml")["notifiers"], "kannel": changed}
    estate.write(
        notifiers=notifiers,
        channels=[{"id": "sms", "through": ["kannel", "kannel.secours"]}],
    )
    estate.start_sms()
    estate.start()
    assert "(rappel)" not in pair.page().text
    assert estate.handset.messages() == []


def test_a_first_gateway_that_falls_silent_may_have_sent_it_and_the_text_says_so(
    pair: Pair,
) -> None:
    estate = pair.estate
    estate.start_sms()
    estate.start()
    frozen = [child.process.pid for child in estate.gateway._children]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        assert "(rappel)" in pair.page().text
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    # While the first rests, the next page goes to the second without asking it.
    assert "(rappel)" not in pair.page("a2").text
