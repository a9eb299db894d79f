"""The canaries together: what keeps them from starting, and that nothing ends their threads."""

from __future__ import annotations

import smtplib
import socket
from datetime import timedelta

import pytest

from deploy.estate.child import wait_until
from exporters.mailqueue.canary.fleet import Fleet
from exporters.mailqueue.canary.ledger import Ledger
from exporters.mailqueue.canary.mailbox import Mailbox
from exporters.mailqueue.canary.receiving import Receiving
from exporters.mailqueue.canary.sending import Sending
from exporters.mailqueue.canary.settings import CanarySettings
from exporters.mailqueue.canary.submit import Submission
from exporters.mailqueue.canary.token import Mint
from exporters.mailqueue.canary_collector import PLUGIN, CanaryCollector
from exporters.toolkit.collector import CollectorError, Context, Deadline

ADDRESS = "canari@brecourt.test"


def settings(port, closed=1):
    return CanarySettings.model_validate(
        {
            "smtp": {
                "server": f"127.0.0.1:{closed}",
                "security": "none",
                "sender": "canari@deux-rives.test",
            },
            "lmtp_listen": f"127.0.0.1:{port}",
            "canaries": [{"member": "brecourt", "address": ADDRESS}],
        }
    )


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_that_is_taken_is_told_and_leaves_nothing(clock, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as rival:
        port = rival.getsockname()[1]
        with pytest.raises(CollectorError, match="écoute LMTP impossible sur"):
            Fleet(settings(port), clock, tmp_path)
    fleet = Fleet(settings(port), clock, tmp_path)
    fleet.start()
    fleet.stop()


def test_a_key_that_cannot_be_kept_is_told(clock, tmp_path, port):
    with pytest.raises(CollectorError, match="clé des canaris non enregistrée"):
        Fleet(settings(port), clock, tmp_path / "absent")


def test_a_forged_token_is_no_arrival_and_a_mail_lost_is_told_at_the_scrape(
    clock, tmp_path, port, caplog
):
    short = settings(port).model_copy(update={"lost_after": timedelta(0)})
    fleet = Fleet(short, clock, tmp_path, lambda: 0.0)
    try:
        (_, ledger) = fleet._ledgers[0]
        (mint, _) = fleet._by_lmtp[ADDRESS]
        token = mint.token(1, b"12345678")
        ledger.begin(token, 0)
        ledger.sent(token)
        with smtplib.LMTP("127.0.0.1", port) as client:
            client.sendmail("", [ADDRESS], f"X-Vigie-Canary: {token[:-1]}x\r\n\r\n")
            assert ledger.waiting() == [0]
        (tally,) = fleet.tallies()["brecourt"]
        assert (tally.lost, tally.failures["deliver"]) == (1, 1)
        assert "canari perdu" in caplog.messages
    finally:
        fleet.stop()


def test_a_scrape_is_served_from_the_start_and_close_ends_the_threads(
    clock, tmp_path, port, example_inventory
):
    collector = PLUGIN.build(settings(port), Context(example_inventory, clock, tmp_path))
    assert isinstance(collector, CanaryCollector)
    names = {family.name for family in collector.collect(Deadline.after(1))}
    collector.close()
    assert "mailqueue_canary_sent" in names
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1)


class Broken:
    """Stands for code that fails as nobody foresaw."""

    settings = settings(17424).smtp

    def send(self, *_):
        raise RuntimeError("unforeseen")

    look = send

    def close(self):
        """Nothing is open."""


def test_what_nobody_foresaw_is_a_failure_and_the_thread_goes_on(clock, caplog):
    ledger = Ledger(300, 60, "receive")
    mint = Mint(b"k" * 32, ADDRESS)
    sending = Sending(ADDRESS, mint, ledger, Broken(), 0.01, clock=clock, chance=lambda: 0.0)
    sending.start()
    try:
        wait_until(lambda: ledger.tally().failures["refused"] >= 2, "two mails", every=0.01)
    finally:
        sending.stop()
    token = mint.token(1, b"12345678")
    ledger.begin(token, 0)
    ledger.sent(token)
    receiving = Receiving(ADDRESS, ledger, Broken(), 0.0, clock=clock)
    receiving.once()
    assert ledger.tally().failures["receive"] == 1
    assert "boîte du canari illisible" in caplog.messages


def test_a_mailbox_readable_again_is_told(clock, caplog):
    caplog.set_level("INFO")
    box = Broken()
    receiving = Receiving(ADDRESS, Ledger(300, 60, "receive"), box, 300, clock=clock)
    receiving.once()
    receiving.once()
    box.look, box.remove = dict, list
    receiving.once()
    assert caplog.messages == ["boîte du canari illisible", "boîte du canari de nouveau lisible"]


def test_the_parts_fit_what_the_broken_ones_stand_for():
    assert {"send", "settings"} <= {*dir(Submission), *Submission.__dataclass_fields__}
    assert {"look", "remove", "close"} <= set(dir(Mailbox))
