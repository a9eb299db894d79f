from __future__ import annotations

from pathlib import Path

import pytest

from deploy.estate import canaries
from deploy.estate.child import EstateError
from deploy.estate.deliveries import delivered
from deploy.estate.mail import MailServer
from deploy.estate.ports import Ports
from deploy.estate.postfix_config import PostfixSettings, main_cf, master_cf, transport_map
from deploy.estate.submit import compose
from exporters.mailqueue.canary.settings import CanarySettings, faults
from exporters.mailqueue.main_cf import parse_main_cf


def test_deliveries_are_read_from_a_recorded_log_deferred_mail_included(golden):
    text = (golden / "maillog" / "postfix_3.7.log").read_text(encoding="utf-8")
    times = delivered(text.splitlines(), 2026)
    flood = {f"{host}.{number}@vol.test" for host in (7, 8, 9, 10) for number in (0, 1)}
    # 3@noirmont.test was deferred and still waits at the end of this log.
    assert set(times) == flood | {"1@brecourt.test", "2@brecourt.test"}


def test_a_bounced_or_deleted_message_was_not_delivered():
    log = """\
Nov 24 14:00:00 mx1 postfix/cleanup[1]: A1B2C3: message-id=<perdu@x.test>
Nov 24 14:00:01 mx1 postfix/smtp[2]: A1B2C3: to=<a@x.test>, relay=r, dsn=2.0.0, status=sent (ok)
Nov 24 14:00:01 mx1 postfix/smtp[2]: A1B2C3: to=<b@x.test>, relay=r, dsn=5.1.1, status=bounced (no)
Nov 24 14:00:02 mx1 postfix/qmgr[3]: A1B2C3: removed
Nov 24 14:00:03 mx1 postfix/cleanup[1]: A1B2C4: message-id=<efface@x.test>
Nov 24 14:00:04 mx1 postfix/postsuper[4]: A1B2C4: removed
"""
    assert delivered(log.splitlines(), 2026) == {}


def test_the_configuration_is_loopback_only_and_logs_submission_by_its_own_name():
    settings = PostfixSettings(Path("/srv/m"), Ports(20000), 400, ["lent.test"])
    values = parse_main_cf(main_cf(settings))
    assert values["inet_interfaces"] == "127.0.0.1"
    assert values["relayhost"] == "[127.0.0.1]:20026"
    assert values["qmgr_message_active_limit"] == "400"
    assert "syslog_name=postfix/submission" in master_cf(settings)
    assert transport_map(settings).splitlines() == [
        "lent.test relay:[127.0.0.1]:20027",
        "rebond.test relay:[127.0.0.1]:20028",
    ]


def test_the_canaries_of_the_estate_fit_its_inventory_and_are_delivered_to_its_exporter(
    example_inventory, tmp_path
):
    ports, inventory = Ports(20000), example_inventory
    block = canaries.canary_settings(inventory, ports)
    secret = tmp_path / canaries.PASSWORD
    secret.touch(mode=0o600)
    secret.write_text("secret")
    block["smtp"]["password_file"] = str(secret)
    settings = CanarySettings.model_validate(block)
    assert list(faults(settings, inventory)) == []
    sites = [address for _, address in canaries.addresses(inventory)]
    assert [canary.address for canary in settings.canaries] == sites
    assert len(sites) == 8
    assert canaries.SENDER not in sites
    postfix = PostfixSettings(Path("/srv/m"), ports, 400, [], canaries=sites)
    assert transport_map(postfix).splitlines()[1:] == [
        f"{address} lmtp:inet:{settings.lmtp_listen}" for address in sites
    ]
    daily = len(sites) * 86400 / settings.interval.total_seconds()
    assert daily < canaries.CEILING < 2 * daily


@pytest.mark.parametrize("size", [0, 2000, 50_000])
def test_a_message_has_about_the_size_asked(size):
    message = compose("a@x.test", ["b@y.test", "c@y.test"], "1@x.test", size)
    assert b"Message-ID: <1@x.test>" in message
    assert b"b@y.test" not in message  # envelope only
    assert max(size, 100) <= len(message) < max(size, 400) + 100


def test_a_folder_whose_sockets_would_not_fit_is_refused_with_the_limit(tmp_path):
    server = MailServer(
        tmp_path / ("x" * 80),
        Ports(20000),
        {},
        active_limit=1,
        slow_domains=[],
        slow_seconds=1,
    )
    with pytest.raises(EstateError, match=r"chemin trop long.*75 caractères au plus"):
        server.start()
