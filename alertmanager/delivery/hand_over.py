"""One claimed message, given to the providers of its channel until one takes it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alertmanager.delivery.channels import Channel
from alertmanager.delivery.failover import Failover, Slot
from alertmanager.delivery.leases import Lease
from alertmanager.delivery.sms_text import as_reminder, with_link
from alertmanager.notifiers.contract import (
    Accepted,
    Notifier,
    Outgoing,
    PermanentFailure,
    TemporaryFailure,
)
from inventory.process.logs import get_logger

_REPEATED = ("page", "digest")
"""Kinds whose text says that it may be a repeat: acting twice on them would be a mistake."""
_ABOUT_DUTY = ("reminder", "notice", "takeover")
"""Kinds that no link answers: they are about no incident."""

log = get_logger("vigie.delivery")

Describe = Callable[[Lease], tuple[str, str]]
"""The subject and the details of a message, for channels with room."""
LinkFor = Callable[[int], str | None]
"""The link that answers the message of that id."""


@dataclass(frozen=True)
class Attempt:
    """A provider that did not take the message. `final`: it refused it for good."""

    provider: str
    reason: str
    maybe_sent: bool
    final: bool


@dataclass(frozen=True)
class Outcome:
    """What became of a message: who took it, if anybody, and who did not before."""

    accepted: Accepted | None
    provider: str | None
    tried: tuple[Attempt, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether every provider refused it for good: it will never pass this way."""
        return self.accepted is None and all(attempt.final for attempt in self.tried)

    @property
    def maybe_sent(self) -> bool:
        """Whether one that did not answer may have sent it all the same."""
        return any(attempt.maybe_sent for attempt in self.tried)

    @property
    def reason(self) -> str:
        """Why nobody took it, in French."""
        if len(self.tried) == 1:
            return self.tried[0].reason
        return " ; ".join(f"{attempt.provider} : {attempt.reason}" for attempt in self.tried)


class HandOver:
    """Gives messages to notifiers. Used by several threads."""

    def __init__(
        self,
        notifiers: Mapping[str, Notifier],
        failover: Failover,
        *,
        describe: Describe | None = None,
        link_for: LinkFor | None = None,
    ) -> None:
        self._notifiers, self._failover = notifiers, failover
        self._describe, self._link_for = describe, link_for

    def __call__(self, lease: Lease, channel: Channel | None, slot: Slot | None) -> Outcome:
        """Try the provider of the slot, then the others at once, until one takes it."""
        if channel is None or slot is None:
            gone = f"le canal « {lease.channel} » n'est plus configuré"
            return Outcome(
                None, None, (Attempt(lease.channel, gone, maybe_sent=False, final=True),)
            )
        tried: list[Attempt] = []
        next_slot: Slot | None = slot
        while next_slot is not None:
            here = next_slot
            again = lease.again or any(attempt.maybe_sent for attempt in tried)
            result = self._through(here.provider, self._outgoing(lease, channel, again=again))
            if isinstance(result, Accepted):
                self._failover.answered(here)
                return Outcome(result, here.provider, tuple(tried))
            attempt = Attempt(
                here.provider,
                str(result),
                maybe_sent=isinstance(result, TemporaryFailure) and result.maybe_sent,
                final=isinstance(result, PermanentFailure),
            )
            log.warning(
                "provider_did_not_take",
                message=lease.id,
                provider=attempt.provider,
                reason=attempt.reason,
            )
            tried.append(attempt)
            names = {attempt.provider for attempt in tried}
            next_slot = self._failover.failed(
                here, channel, names, time.monotonic(), rests=not attempt.final
            )
        return Outcome(None, None, tuple(tried))

    def _outgoing(self, lease: Lease, channel: Channel, *, again: bool) -> Outgoing:
        repeated = again and lease.kind in _REPEATED
        (subject, details), link = self._more(lease, channel)
        text = as_reminder(lease.text) if repeated else lease.text
        if channel.reaches == "phone" and link is not None:
            text, link = with_link(text, link), None
        return Outgoing(
            lease.token,
            lease.address,
            text,
            kind=lease.kind,
            subject=subject,
            details=details,
            link=link,
            again=again,
        )

    def _more(self, lease: Lease, channel: Channel) -> tuple[tuple[str, str], str | None]:
        """Subject, details and link, where there is room for them: by SMS, a digest's link."""
        try:
            if channel.reaches == "phone":
                wanted = self._link_for if lease.kind == "digest" else None
                return ("", ""), wanted(lease.id) if wanted is not None else None
            described = self._describe(lease) if self._describe is not None else ("", "")
            if lease.kind in _ABOUT_DUTY:
                return described, None
            return described, self._link_for(lease.id) if self._link_for is not None else None
        except Exception:
            # The text alone is a page; without it there is none.
            log.exception("message_not_described", message=lease.id)
            return ("", ""), None

    def _through(
        self, provider: str, message: Outgoing
    ) -> Accepted | PermanentFailure | TemporaryFailure:
        try:
            return self._notifiers[provider].send(message)
        except (PermanentFailure, TemporaryFailure) as failure:
            return failure
        except BaseException as error:
            # A third party's notifier may raise anything, SystemExit too: neither the message
            # nor the loop must be lost for it. Ctrl-C goes to the main thread, not here.
            log.exception("notifier_failed", provider=provider)
            reason = f"panne du moyen ({type(error).__name__})"
            return TemporaryFailure(reason, maybe_sent=True)
