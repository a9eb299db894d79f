"""A real Postfix with STARTTLS before a real Dovecot, on loopback, and mailboxes in it."""

from __future__ import annotations

import smtplib
import ssl
from base64 import b64encode
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

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

    def start(self) -> None:
        """Start the servers."""
        self.store.start()
        self.server.start()

    def stop(self) -> None:
        """Stop them."""
        self.server.stop()
        self.store.stop()


def answer(raw: bytes, sender: str, text: str) -> EmailMessage:
    """A reply to that mail, as a mail program writes it."""
    mail = message_from_bytes(raw, policy=policy.default)
    reply = EmailMessage()
    reply["From"], reply["To"] = sender, str(mail["From"])
    reply["Subject"] = f"Re: {mail['Subject']}"
    reply["In-Reply-To"] = reply["References"] = str(mail["Message-ID"])
    quoted = "".join(f"> {line}\n" for line in str(mail.get_content()).splitlines())
    reply.set_content(f"{text}\n\nLe 1 mai 2026 à 07:12, Vigie a écrit :\n{quoted}")
    return reply
