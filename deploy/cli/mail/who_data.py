"""The findings of `vigie mail who` as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from deploy.cli.mail.reasons_text import rfc3339
from deploy.cli.mail.who_text import Look
from exporters.mailqueue.detector import Standing, View
from exporters.mailqueue.queue.snapshot import Held, Share


def ranking_data(rows: Sequence[tuple[Standing, View]], zone: tzinfo) -> list[dict[str, object]]:
    """The most suspicious accounts."""
    return [
        {
            **one._asdict(),
            "compromised_since": _instant(one.compromised_since, zone),
            "abnormal_since": _instant(view.abnormal_since, zone),
            "last_submission": _instant(view.last_submission, zone),
        }
        for one, view in rows
    ]


def holders_data(holders: Sequence[tuple[str, Share, Held | None]]) -> list[dict[str, object]]:
    """Who has most in the queue."""
    return [
        {
            "account": name,
            "messages": share.messages,
            "recipients": share.recipients,
            "held": held.messages if held else 0,
        }
        for name, share, held in holders
    ]


def view_data(look: Look, zone: tzinfo) -> dict[str, object]:
    """All about one account; null where it could not be read, `*_unknown` says why."""
    data: dict[str, object] = {"account": look.account}
    if look.view is not None:
        view = look.view
        data |= view._asdict()
        for name in ("compromised_since", "abnormal_since", "last_submission"):
            data[name] = _instant(getattr(view, name), zone)
        data["windows"] = [window._asdict() for window in view.windows]
        data["networks"] = [
            {**network._asdict(), "first": _instant(network.first, zone)}
            for network in view.networks
        ]
        data["unknown_share"] = view.unknown / view.settled if view.settled else None
    data["queue"] = None
    if look.queue is not None:
        held = look.queue.held.get(look.account)
        share = look.queue.shares.get(look.account)
        data["queue"] = {
            "messages": share.messages if share else 0,
            "recipients": share.recipients if share else 0,
            "all_messages": look.queue.messages,
            "attributed": look.queue.attributed,
            "held": held.messages if held else 0,
            "held_since": _instant(int(held.since), zone) if held else None,
        }
    data["queue_unknown"] = look.queue_unknown
    data["sessions"] = None
    if look.sessions is not None:
        data["sessions"] = [{"process": pid, "client": client} for pid, client in look.sessions]
    data["sessions_unknown"] = look.sessions_unknown
    return data


def _instant(time: int | None, zone: tzinfo) -> str | None:
    return None if time is None else rfc3339(time, zone)
