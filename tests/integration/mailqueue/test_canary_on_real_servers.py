"""Canaries through a real Postfix into a real Dovecot, and what breaks on the way."""

from __future__ import annotations

import datetime as dt
import shutil
import smtplib
import socket
import subprocess
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from deploy.estate.child import EstateError, wait_until
from deploy.estate.mail import MailServer
from deploy.estate.mail_store import MailStore
from deploy.estate.ports import LOOPBACK, Ports, free_base
from exporters.mailqueue.canary.fleet import Fleet
from exporters.mailqueue.canary.metrics import families
from exporters.mailqueue.canary.settings import CanarySettings
from inventory.process import system_clock

SENDER = "canari@deux-rives.test"
VALMONT, FULL, BRECOURT = (
    "canari@ville-valmont.test",
    "canari@ccas-valmont.test",
    "canari@brecourt.test",
)
IMAP, IMAPS, LMTP, OURS, SMTPS, EXPIRED = range(10, 16)


class Site:
    """One site: who sends, who keeps mail, and the files that hold the secrets."""

    def __init__(self, folder):
        self.folder = folder
        self.base = free_base()
        self.ports = Ports(self.base)
        ca = trustme.CA()
        ca.cert_pem.write_to_path(folder / "ca.pem")
        good = ca.issue_cert(LOOPBACK)
        past = dt.datetime(2020, 1, 1)
        old = ca.issue_cert(LOOPBACK, not_before=past, not_after=past + timedelta(days=90))
        for name, certificate in (("good", good), ("old", old)):
            certificate.private_key_pem.write_to_path(folder / f"{name}.key")
            chain = b"".join(part.bytes() for part in certificate.cert_chain_pems)
            (folder / f"{name}.pem").write_bytes(chain)
        self.mail = MailServer(
            folder / "mail",
            self.ports,
            {SENDER: "smtp-sécret"},
            active_limit=20,
            slow_domains=["ville-valmont.test", "ccas-valmont.test", "brecourt.test"],
            slow_seconds=1,
            retry_seconds=3600,
        )
        accounts = {VALMONT: "imap-sécret", FULL: "imap-sécret"}
        self.store = MailStore(
            folder / "store",
            accounts,
            folder / "good.pem",
            folder / "good.key",
            imap=self.base + IMAP,
            imaps=self.base + IMAPS,
            lmtp=self.base + LMTP,
            full=frozenset({FULL}),
        )
        for name in ("smtp", "imap", "wrong"):
            secret = folder / f"{name}.secret"
            secret.touch(mode=0o600)
            secret.write_text(f"{name}-sécret\n", encoding="utf-8")

    def start(self):
        self.mail.start()
        etc = self.mail.config_directory
        stores = "".join(
            f"{domain} lmtp:inet:{LOOPBACK}:{self.base + port}\n"
            for domain, port in (
                ("ville-valmont.test", LMTP),
                ("ccas-valmont.test", LMTP),
                ("brecourt.test", OURS),
            )
        )
        (etc / "transport").write_text(stores)
        with (etc / "master.cf").open("a") as file:
            file.write("tlsmgr unix - - n 1000? 1 tlsmgr\n")
            for port, certificate in ((SMTPS, "good"), (EXPIRED, "old")):
                file.write(
                    f"{LOOPBACK}:{self.base + port} inet n - n - - smtpd\n"
                    "  -o smtpd_tls_wrappermode=yes\n  -o smtpd_sasl_auth_enable=yes\n"
                    f"  -o smtpd_tls_cert_file={self.folder}/{certificate}.pem\n"
                    f"  -o smtpd_tls_key_file={self.folder}/{certificate}.key\n"
                    "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
                )
        self.configure(
            smtpd_tls_security_level="may",
            smtpd_tls_cert_file=self.folder / "good.pem",
            smtpd_tls_key_file=self.folder / "good.key",
        )
        self.store.start()

    def configure(self, **values):
        """Change main.cf and have Postfix take it up."""
        etc = self.mail.config_directory
        pairs = [f"{name}={value}" for name, value in values.items()]
        for command in (["postconf", "-c", etc, "-e", *pairs], ["postfix", "-c", etc, "reload"]):
            subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def stop(self):
        self.store.stop()
        self.mail.stop()

    def smtp(self, **changes):
        return {
            "server": f"{LOOPBACK}:{self.ports['submission']}",
            "ca_file": self.folder / "ca.pem",
            "username": SENDER,
            "password_file": self.folder / "smtp.secret",
            "sender": SENDER,
            **changes,
        }

    def imap(self, username=VALMONT, **changes):
        return {
            "server": f"{LOOPBACK}:{self.base + IMAPS}",
            "ca_file": self.folder / "ca.pem",
            "username": username,
            "password_file": self.folder / "imap.secret",
            **changes,
        }


@pytest.fixture(scope="module")
def site():
    folder = Path(tempfile.mkdtemp(prefix="vt-", dir="/tmp"))
    folder.chmod(0o755)
    site = Site(folder)
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fleet(tmp_path):
    """Lets canaries fly: one mail each at once, then one every `interval` seconds."""
    flying = []

    def build(block, *, lost_after=20.0, interval=3600.0, state=tmp_path):
        settings = CanarySettings.model_validate(block).model_copy(
            update={
                "lost_after": timedelta(seconds=lost_after),
                "interval": timedelta(seconds=interval),
            }
        )
        flying.append(Fleet(settings, system_clock, state, lambda: 0.0))
        flying[-1].start()
        return flying[-1]

    yield build
    for one in flying:
        one.stop()


def canary(imap=None, *, member="valmont", address=VALMONT):
    entry = {"member": member, "address": address}
    return {**entry, "imap": imap} if imap else entry


def readings(fleet):
    return {
        (sample.name.removeprefix("mailqueue_canary_"), *sample.labels.values()): sample.value
        for family in families(fleet.tallies())
        for sample in family.samples
    }


def when(fleet, wanted, seconds=20):
    """The readings once `wanted` is true of them."""
    last = {}

    def check():
        last.clear()
        last.update(readings(fleet))
        return wanted(last)

    try:
        wait_until(check, "canary", seconds)
    except EstateError:
        pytest.fail(f"{[(k, v) for k, v in last.items() if 'bucket' not in k[0] and v]}")
    return last


@pytest.fixture(autouse=True)
def _tell(caplog):
    """What the canaries logged, shown when a test fails."""
    yield
    for record in caplog.get_records("call"):
        print(record.getMessage(), record.vigie_fields)


def decided(member="valmont"):
    return lambda found: ("success", member) in found


def failures(found, member="valmont"):
    return {key[2]: n for key, n in found.items() if key[:2] == ("failures_total", member) and n}


@pytest.mark.parametrize(
    ("smtp", "imap"),
    [
        ({}, {}),
        ({"security": "tls", "server": SMTPS, "null_sender": False}, {}),
        ({}, {"security": "starttls", "server": IMAP}),
        ({"server": 25, "security": "none", "username": "", "password_file": None}, {}),
    ],
    ids=["starttls", "tls", "imap-starttls", "port-25"],
)
def test_a_canary_arrives_and_is_removed_and_nobody_elses_mail_is(site, fleet, smtp, imap):
    for block in (smtp, imap):
        if "server" in block:
            block["server"] = f"{LOOPBACK}:{site.base + block['server']}"
    before = len(site.store.messages(VALMONT))
    with smtplib.SMTP(LOOPBACK, site.ports["smtp"]) as talk:
        forged = f"X-Vigie-Canary: {'0' * 12}.{'0' * 8}.{'0' * 16}.{'0' * 20}\r\n"
        talk.sendmail("x@far.test", VALMONT, f"Subject: for a person\r\n{forged}\r\nHello\r\n")
    wait_until(lambda: len(site.store.messages(VALMONT)) == before + 1, "the other mail")
    log_before = site.mail.log.stat().st_size
    flying = fleet({"smtp": site.smtp(**smtp), "canaries": [canary(site.imap(**imap))]})
    found = when(flying, decided())
    assert found["success", "valmont"] == 1
    envelope = SENDER if smtp.get("null_sender") is False else ""
    assert f"from=<{envelope}>".encode() in site.mail.log.read_bytes()[log_before:]
    assert found["sent_total", "valmont"] == found["received_total", "valmont"] == 1
    assert found["lost_total", "valmont"] == found["late_total", "valmont"] == 0
    assert failures(found) == {}
    assert 0 < found["latency_seconds_sum", "valmont"] < 20
    assert found["latency_seconds_count", "valmont"] == 1
    assert abs(found["last_success_timestamp_seconds", "valmont"] - time.time()) < 60
    wait_until(lambda: len(site.store.messages(VALMONT)) == before + 1, "its removal")
    assert b"for a person" in b"".join(site.store.messages(VALMONT))


def test_a_canary_arrives_by_lmtp(site, fleet):
    block = {
        "smtp": site.smtp(),
        "lmtp_listen": f"{LOOPBACK}:{site.base + OURS}",
        "canaries": [canary(member="brecourt", address=BRECOURT)],
    }
    found = when(fleet(block), decided("brecourt"))
    assert found["received_total", "brecourt"] == 1
    assert found["success", "brecourt"] == 1


@pytest.mark.parametrize(
    ("smtp", "stage"),
    [
        ({"password_file": "wrong.secret"}, "auth"),
        ({"server": EXPIRED, "security": "tls"}, "tls"),
        ({"ca_file": None}, "tls"),
        ({"server": 99, "security": "tls"}, "connect"),
        ({"server": 25, "security": "none"}, "auth"),
        ({"server": SMTPS, "security": "tls", "username": "", "password_file": None}, "refused"),
    ],
    ids=["password", "expired", "unknown-authority", "stopped", "no-auth", "relay-denied"],
)
def test_the_stage_of_a_mail_that_does_not_leave(site, fleet, caplog, smtp, stage):
    if "server" in smtp:
        smtp["server"] = f"{LOOPBACK}:{site.base + smtp['server']}"
    if smtp.get("password_file"):
        smtp["password_file"] = site.folder / smtp["password_file"]
    flying = fleet({"smtp": site.smtp(**smtp), "canaries": [canary(site.imap())]})
    found = when(flying, decided())
    assert failures(found) == {stage: 1}
    assert found["success", "valmont"] == 0
    assert found["sent_total", "valmont"] == found["lost_total", "valmont"] == 0
    assert ("last_success_timestamp_seconds", "valmont") not in found
    told = " ".join(str(record.vigie_fields) for record in caplog.records)
    assert f"'stage': '{stage}'" in told
    assert "cret" not in told


@pytest.mark.parametrize(
    "imap",
    [
        {"password_file": "wrong.secret"},
        {"ca_file": None},
        {"server": EXPIRED},
        {"server": 99},
        {"folder": "Absent"},
    ],
    ids=["password", "unknown-authority", "expired", "stopped", "no-folder"],
)
def test_a_mailbox_that_cannot_be_read_is_a_loss_at_receive(site, fleet, caplog, imap):
    if "server" in imap:
        imap["server"] = f"{LOOPBACK}:{site.base + imap['server']}"
    if imap.get("password_file"):
        imap["password_file"] = site.folder / imap["password_file"]
    block = {"smtp": site.smtp(), "canaries": [canary(site.imap(**imap))]}
    found = when(fleet(block, lost_after=1.0), decided())
    assert failures(found) == {"receive": 1}
    assert found["sent_total", "valmont"] == found["lost_total", "valmont"] == 1
    assert found["success", "valmont"] == 0
    assert "cret" not in " ".join(str(record.vigie_fields) for record in caplog.records)


def test_a_full_mailbox_is_a_loss_at_deliver(site, fleet):
    full = canary(site.imap(FULL), address=FULL)
    found = when(fleet({"smtp": site.smtp(), "canaries": [full]}, lost_after=2.0), decided())
    assert failures(found) == {"deliver": 1}
    assert found["lost_total", "valmont"] == 1
    wait_until(lambda: b"Quota exceeded" in site.mail.log.read_bytes(), "the refusal in the log")


def test_a_late_canary_is_counted_late_and_once(site, fleet):
    site.configure(defer_transports="lmtp")
    block = {"smtp": site.smtp(), "canaries": [canary(site.imap())]}
    try:
        flying = fleet(block, lost_after=1.0, interval=3.0)
        found = when(flying, lambda found: found["lost_total", "valmont"] >= 1)
        assert found["received_total", "valmont"] == 0
    finally:
        site.configure(defer_transports="")
        flush = ["postqueue", "-c", site.mail.config_directory, "-f"]
        subprocess.run(flush, check=True, stdin=subprocess.DEVNULL)
    found = when(
        flying, lambda found: found["late_total", "valmont"] == found["lost_total", "valmont"]
    )
    found = when(flying, lambda found: found["success", "valmont"] == 1)
    flying.stop()
    found = readings(flying)
    accounted = found["received_total", "valmont"] + found["lost_total", "valmont"]
    assert 0 <= found["sent_total", "valmont"] - accounted <= 1


def test_a_restart_loses_nothing_and_cleans_up(site, fleet):
    before = len(site.store.messages(VALMONT))
    site.configure(defer_transports="lmtp")
    block = {"smtp": site.smtp(), "canaries": [canary(site.imap())]}
    try:
        flying = fleet(block)
        when(flying, lambda found: found["sent_total", "valmont"] == 1)
        flying.stop()
    finally:
        site.configure(defer_transports="")
        flush = ["postqueue", "-c", site.mail.config_directory, "-f"]
        subprocess.run(flush, check=True, stdin=subprocess.DEVNULL)
    wait_until(lambda: len(site.store.messages(VALMONT)) == before + 1, "the first run's canary")
    found = when(fleet(block), decided())
    assert found["sent_total", "valmont"] == found["received_total", "valmont"] == 1
    assert found["lost_total", "valmont"] == found["late_total", "valmont"] == 0
    wait_until(lambda: len(site.store.messages(VALMONT)) == before, "their removal")


def test_servers_that_hang_delay_no_other_member_and_no_scrape(site, fleet):
    held = []

    def accept(listener):
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                return

    with socket.create_server((LOOPBACK, 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        stuck = site.imap(server=f"{LOOPBACK}:{listener.getsockname()[1]}")
        block = {
            "smtp": site.smtp(),
            "lmtp_listen": f"{LOOPBACK}:{site.base + OURS}",
            "timeout": "5s",
            "canaries": [
                canary(stuck, member="montfleury", address="canari@ville-valmont.test"),
                canary(member="brecourt", address=BRECOURT),
            ],
        }
        flying = fleet(block, interval=0.5)
        found = when(flying, lambda found: found["received_total", "brecourt"] >= 3)
        assert ("success", "montfleury") not in found
        assert held
        for connection in held:
            connection.close()
