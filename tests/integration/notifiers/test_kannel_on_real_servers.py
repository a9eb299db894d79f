"""What the real smsbox says, and what Vigie makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alertmanager.notifiers.contract import (
    NotifierContext,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
)
from alertmanager.notifiers.kannel import Kannel, KannelSettings
from deploy.estate.ports import Ports, free_base
from deploy.estate.sms import SmsGateway

PAGE = Outgoing("jeton-que-nul-ne-devine", "+33639981003", "CRIT été \0 [x] €")


@pytest.fixture
def gateway(open_folder: Path) -> Iterator[SmsGateway]:
    gateway = SmsGateway(open_folder / "k", Ports(free_base()), "http://127.0.0.1:9/reply")
    yield gateway
    gateway.stop()


@pytest.fixture
def made() -> Callable[..., Kannel]:
    def make(gateway: SmsGateway, **changes: object) -> Kannel:
        settings = {
            "url": gateway.send_url,
            "username": gateway.username,
            "password_file": gateway.password_file,
            "timeout": "3s",
            **changes,
        }
        context = NotifierContext("http://127.0.0.1:9", "kannel.secours")
        return Kannel(KannelSettings.model_validate(settings), context)

    return make


def test_taken_though_no_handset_is_on(gateway: SmsGateway, made: Callable[..., Kannel]) -> None:
    gateway.start()
    kannel = made(gateway)
    kannel.send(PAGE)
    with pytest.raises(TemporaryFailure, match="Authorization failed") as caught:
        made(gateway, username="autre").send(PAGE)
    assert not caught.value.maybe_sent
    # Without its bearerbox smsbox has nobody to give it to, and soon ends.
    gateway._children.pop(0).stop()
    with pytest.raises(TemporaryFailure):
        kannel.send(PAGE)


def test_a_number_no_link_takes_is_refused_for_good(
    gateway: SmsGateway, made: Callable[..., Kannel]
) -> None:
    written = gateway.folder / "kannel.conf"
    text = written.read_text()
    for link in ("COMBINES", "REPONSES"):
        text = text.replace(f"smsc-id = {link}\n", f'smsc-id = {link}\ndenied-prefix = "+336"\n')
    written.write_text(text)
    gateway.start()
    with pytest.raises(PermanentFailure, match="Not routable"):
        made(gateway).send(PAGE)
