"""Mail through a real Postfix into a real Dovecot: proof, answers and bounces come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest
import trustme
from mail_site import answer

from alertmanager.notifiers.contract import (
    Incoming,
    NotifierContext,
    Outgoing,
    Report,
    TemporaryFailure,
)
from alertmanager.notifiers.mail.plugin import Email
from alertmanager.notifiers.mail.settings import EmailSettings
from deploy.estate.child import wait_until

CLAIRE = "claire.fontaine@deux-rives.test"


@pytest.fixture
def made() -> Iterator[Callable[..., Email]]:
    built: list[Email] = []

    def make(site: Any, **changes: Any) -> Email:
        settings = EmailSettings.model_validate(site.block(**changes))
        built.append(Email(settings, NotifierContext("http://127.0.0.1:17430", "email")))
        return built[-1]

    yield make
    for notifier in built:
        notifier.close()


def page(token: str, to: str = CLAIRE) -> Outgoing:
    return Outgoing(token, to, "CRIT Messagerie\n.\nété", subject="Compte piraté")


def fetched(notifier: Email, count: int) -> dict[str, Incoming | Report]:
    """What comes, the same at each look until it is put away."""
    found: dict[str, Incoming | Report] = {}

    def look() -> bool:
        found.update(notifier.fetch())
        return len(found) >= count

    wait_until(look, f"{count} courriels", 30)
    assert len(found) == count
    return found


def test_a_mail_its_proof_its_answer_and_its_removal(
    site: Callable[..., Any], made: Callable[..., Email]
) -> None:
    servers = site(CLAIRE)
    notifier = made(servers)
    token = "a-jeton-que-nul-ne-devine-0123456"
    assert "queued as" in notifier.send(page(token)).detail
    wait_until(lambda: servers.store.messages(CLAIRE) != [], "le courriel", 30)
    (raw,) = servers.store.messages(CLAIRE)
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == "Compte piraté"
    assert str(mail.get_content()).startswith("CRIT Messagerie\n.\nété\n\nPour prendre en charge")

    (proof,) = fetched(notifier, 1).values()
    assert isinstance(proof, Report)
    # Dovecot takes mail by LMTP and notifies nobody: Postfix says "relayed", which is no proof.
    assert (proof.token, proof.outcome) == (token, "accepted")

    servers.submit(answer(raw, CLAIRE, "Ok, j'y vais"))
    both = fetched(notifier, 2)
    (reply,) = (one for one in both.values() if isinstance(one, Incoming))
    assert (reply.sender, reply.text, reply.answers) == (CLAIRE, "Ok, j'y vais", token)
    assert reply.only_keep == ""
    for name in both:
        notifier.put_away(name)
    assert list(notifier.fetch()) == []
    assert servers.store.messages(servers.duty) == []
    kept = servers.store.folder / "mail" / servers.duty / ".Vigie-lus"
    assert len([*kept.glob("new/*"), *kept.glob("cur/*")]) == 2
    # Another process, another connection: nothing is left for it.
    assert list(made(servers).fetch()) == []


def test_a_mail_that_comes_back_is_a_failure(
    site: Callable[..., Any], made: Callable[..., Email]
) -> None:
    notifier = made(site(CLAIRE))
    token = "un-autre-jeton-que-nul-ne-devine-1"
    notifier.send(page(token, "parti@rebond.test"))
    (report,) = fetched(notifier, 1).values()
    assert isinstance(report, Report)
    assert (report.token, report.outcome) == (token, "failed")
    assert "User unknown" in report.detail


def test_a_server_nobody_vouches_for_and_a_wrong_password_get_nothing(
    site: Callable[..., Any], made: Callable[..., Email]
) -> None:
    servers = site(CLAIRE)
    stranger = servers.folder / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    box = {**servers.block()["mailbox"], "ca_file": str(stranger)}
    notifier = made(servers, ca_file=str(stranger), mailbox=box)
    with pytest.raises(TemporaryFailure, match="certificat refusé") as caught:
        notifier.send(page("jeton-que-nul-ne-devine-01234567"))
    assert not caught.value.maybe_sent
    with pytest.raises(TemporaryFailure, match="certificat refusé"):
        list(notifier.fetch())
    right = made(servers)
    servers.password_file.write_text("faux-secret\n")
    with pytest.raises(TemporaryFailure, match="mot de passe refusé") as caught:
        right.send(page("jeton-que-nul-ne-devine-01234567"))
    with pytest.raises(TemporaryFailure, match="mot de passe refusé") as also:
        list(right.fetch())
    assert "faux-secret" not in f"{caught.value} {also.value}"
    assert servers.store.messages(CLAIRE) == []
