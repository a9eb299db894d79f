"""A real Postfix with STARTTLS before a real Dovecot, on loopback, and the notifier between."""

from __future__ import annotations

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme

from deploy.estate.mail import MailServer
from deploy.estate.mail_store import MailStore
from deploy.estate.ports import LOOPBACK, Ports, free_base

DUTY = "astreinte@deux-rives.test"


class Site:
    """The syndicate's mail: who is on duty has a mailbox, and so has the pager."""

    duty = DUTY

    def __init__(self, folder: Path, people: tuple[str, ...]) -> None:
        self.folder, self.people = folder, people
        authority = trustme.CA()
        self.ca_file, key, chain = (folder / name for name in ("ca.pem", "key.pem", "chain.pem"))
        certificate = authority.issue_cert(LOOPBACK)
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.private_key_pem.write_to_path(key)
        certificate.cert_chain_pems[0].write_to_path(chain)
        self.password_file = folder / "mail.password"
        self.password_file.touch(mode=0o600)
        self.password_file.write_text("été-secret\n", encoding="utf-8")
        accounts = dict.fromkeys((DUTY, *people), "été-secret")
        self.ports = Ports(free_base())
        self.imaps = self.ports.base + 2
        self.store = MailStore(
            folder / "store", accounts, chain, key,
            imap=self.ports.base + 1, imaps=self.imaps, lmtp=self.ports.base + 3,
        )  # fmt: skip
        self.server = MailServer(
            folder / "mail", self.ports, accounts, active_limit=20, slow_domains=["lent.test"],
            slow_seconds=1, mailboxes=(DUTY.partition("@")[2], self.ports.base + 3),
            certificate=(chain, key),
        )  # fmt: skip

    def block(self, **changes: Any) -> dict[str, Any]:
        """The settings of the notifier."""
        account = {
            "username": DUTY,
            "password_file": str(self.password_file),
            "ca_file": str(self.ca_file),
        }
        return {
            "server": f"{LOOPBACK}:{self.ports['submission']}",
            "sender": DUTY,
            **account,
            "mailbox": {"server": f"{LOOPBACK}:{self.imaps}", "every": "1s", **account},
            **changes,
        }

    def submit(self, mail: EmailMessage) -> None:
        """As the mail program of who wrote it does."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with smtplib.SMTP(LOOPBACK, self.ports["submission"], "poste.test", 20) as smtp:
            smtp.starttls(context=context)
            smtp.ehlo()
            plain = b64encode(f"\0{mail['From']}\0été-secret".encode()).decode()
            assert smtp.docmd("AUTH", f"PLAIN {plain}")[0] == 235
            smtp.send_message(mail)


@pytest.fixture
def site(open_folder: Path) -> Iterator[Callable[..., Site]]:
    """Starts the servers, with mailboxes for these people."""
    started: list[Site] = []

    def start(*people: str) -> Site:
        site = Site(open_folder, people)
        started.append(site)
        site.store.start()
        site.server.start()
        return site

    yield start
    for one in started:
        one.server.stop()
        one.store.stop()
