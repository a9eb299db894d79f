"""The log lines that Postfix 3.10 and Dovecot 2.3 write for an event."""

from __future__ import annotations

from datetime import UTC, datetime

from exporters.mailqueue.log.events import (
    Accepted,
    Activated,
    Delivered,
    Expired,
    LoggedIn,
    MailEvent,
    Notified,
    RecipientRejected,
    Removed,
    Submitted,
)

REPLIES = {
    "unknown_user": "Recipient address rejected: User unknown in virtual mailbox table",
    "mailbox_full": "The recipient's mailbox is over quota",
    "mailbox_disabled": "This account has been suspended",
    "spam": "Spam message rejected",
    "blocklisted": "Service unavailable; Client host blocked using zen.spamhaus.org",
    "greylisted": "Recipient address rejected: Greylisted",
    "rate_limited": "Trop de connexions, veuillez verifier votre configuration",
    "relay_denied": "Relay access denied",
    "sender_authentication": "Message rejected: it passed neither SPF nor DKIM",
    "dns": "Host or domain name not found",
    "connection": "Connection timed out",
    "tls": "TLS is required, but was not offered by host",
    "too_large": "Message too large",
    "loop": "Too many hops",
    "other": "no",
}
"""What a server says for each reason, whatever the code beside it."""


def line(event: MailEvent) -> str:
    """One line, with an RFC 3339 stamp."""
    stamp = datetime.fromtimestamp(event.time, UTC).strftime("%Y-%m-%dT%H:%M:%S.123456+00:00")
    return f"{stamp} mx1 {_text(event)}\n"


def _text(event: MailEvent) -> str:
    match event:
        case Submitted(_, queue_id, account, client, process):
            return (
                f"{_smtpd(process)}: {queue_id.decode()}: client=x[{client.decode()}],"
                f" sasl_method=PLAIN, sasl_username={account.decode()}"
            )
        case Accepted(_, queue_id, client):
            return f"postfix/smtpd[813]: {queue_id.decode()}: client=x[{client.decode()}]"
        case Activated(_, queue_id, recipients):
            return (
                f"postfix/qmgr[90]: {queue_id.decode()}: from=<a@b.test>, size=2000,"
                f" nrcpt={recipients} (queue active)"
            )
        case Delivered():
            return _delivery(event)
        case RecipientRejected():
            return _refusal(event)
        case Removed(_, queue_id):
            return f"postfix/qmgr[90]: {queue_id.decode()}: removed"
        case Expired(_, queue_id):
            return (
                f"postfix/qmgr[90]: {queue_id.decode()}: from=<a@b.test>, status=expired,"
                " returned to sender"
            )
        case Notified(_, queue_id, kind):
            return (
                f"postfix/bounce[95]: {queue_id.decode()}: sender {kind.decode()} notification:"
                " 4jYkm1z1SQ6m"
            )
        case LoggedIn():
            return _log_in(event)


def _smtpd(process: bytes) -> str:
    return f"postfix/submission/smtpd[{process.decode() or 812}]"


def _delivery(event: Delivered) -> str:
    code, status = event.code.decode(), event.status.decode()
    reply = "250 ok, queued as 5"
    if event.reason:
        said = f"550 {code} {REPLIES[event.reason]}"
        reply = f"host x[192.0.2.9] said: {said} (in reply to RCPT TO command)"
    return (
        f"postfix/{event.agent.decode()}[77]: {event.queue_id.decode()}:"
        f" to=<{event.recipient.decode()}>, relay=x[192.0.2.9]:25, delay={sum(event.delays):g},"
        f" delays={'/'.join(f'{seconds:g}' for seconds in event.delays)}, dsn={code},"
        f" status={status} ({reply})"
    )


def _refusal(event: RecipientRejected) -> str:
    recipient, account = event.recipient.decode(), event.account.decode()
    user = f" sasl_method=PLAIN sasl_username={account}" if account else ""
    reply = f"{event.code.decode()} <{recipient}>: {REPLIES[event.reason]}".lstrip()
    return (
        f"{_smtpd(event.process)}: {event.queue_id.decode() or 'NOQUEUE'}: reject: RCPT from"
        f" x[{event.client.decode()}]: 550 {reply}; from=<a@b.test> to=<{recipient}>"
        f" proto=ESMTP helo=<x>{user}"
    )


def _log_in(event: LoggedIn) -> str:
    account, client = event.account.decode(), event.client.decode()
    if event.service == "smtp":
        user = f", sasl_username={account}" if account else ""
        return (
            f"{_smtpd(b'')}: warning: x[{client}]: SASL PLAIN authentication failed:"
            f" (reason unavailable){user}"
        )
    failed = f"Disconnected (auth failed, {event.attempts} attempts in 2 secs)"
    return (
        f"dovecot: {event.service}-login: {'Login' if event.success else failed}:"
        f" user=<{account}>, method=PLAIN, rip={client}, lip=10.0.0.2, TLS, session=<abc>"
    )
