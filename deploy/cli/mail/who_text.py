"""The findings of `vigie mail who` in French, for someone just woken up: the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from deploy.cli.mail.contain_text import count, vigie
from deploy.cli.mail.reasons_text import number, words
from exporters.mailqueue.detector import NetworkView, Standing, View
from exporters.mailqueue.detector.score import PAGE
from exporters.mailqueue.queue.snapshot import UNAUTHENTICATED, Held, Share, Snapshot

_NETWORKS, _DOMAINS = 8, 6


@dataclass(frozen=True)
class Look:
    """What was found of one account; None where it could not be read, and why."""

    account: str
    view: View | None
    queue: Snapshot | None
    queue_unknown: str
    sessions: Sequence[tuple[int, str]] | None
    sessions_unknown: str
    now: int


def ranking_text(rows: Sequence[tuple[Standing, View]], now: int, zone: tzinfo) -> str:
    """The most suspicious accounts, one a line."""
    if not rows:
        return "Aucun compte ne sort de l'ordinaire."
    lines = ["score  anormal depuis  dest./1 h  réseaux  compte"]
    for one, view in rows:
        hour = next(w.recipients for w in view.windows if w.seconds == 3600)
        since = _at(view.abnormal_since, now, zone) if view.abnormal_since else "-"
        mark = "  DÉTOURNÉ" if one.compromised_since is not None else ""
        score = number(one.score)
        lines.append(f"{score:>5}  {since:<14}  {hour:>9}  {one.networks:>7}  {one.account}{mark}")
    return "\n".join([*lines, f"Détails : {vigie('who', account=rows[0][0].account)}"])


def holders_text(holders: Sequence[tuple[str, Share, Held | None]], messages: int) -> str:
    """Who has most in the queue."""
    names = {UNAUTHENTICATED: "sans compte"}
    each = [
        f"{names.get(name, name)} {share.messages}"
        + (f" (dont {held.messages} retenus)" if held else "")
        for name, share, held in holders
    ]
    return f"File : {count(messages, 'message', 'messages')} ; {', '.join(each) or 'vide'}"


def view_text(look: Look, zone: tzinfo) -> str:
    """All about one account."""
    lines = [_head(look)]
    if look.view is not None:
        lines += _when(look.view, look.now, zone)
        lines += [f"  {number(v):>5}  {words(name)}" for name, v in _ordered(look.view.reasons)]
        lines += _volume(look.view)
        lines += _networks(look.view.networks, look.now, zone)
        lines += _recipients(look.view)
    lines += [_queue(look, zone), _sessions(look)]
    if look.view is not None and look.view.reasons:
        lines.append(f"L'arrêter (montre, ne fait rien) : {vigie('contain', account=look.account)}")
    return "\n".join(lines)


def _head(look: Look) -> str:
    if look.view is None:
        return f"{look.account} : n'a rien envoyé depuis 24 h"
    state = ""
    if look.view.compromised_since is not None:
        state = "DÉTOURNÉ, "
    elif look.view.score >= PAGE:
        state = "DÉTOURNÉ mais silencieux, "
    return f"{look.account} : {state}score {number(look.view.score)} sur 100"


def _when(view: View, now: int, zone: tzinfo) -> list[str]:
    lines = []
    if view.abnormal_since is not None:
        lines.append(
            f"Anormal depuis {_at(view.abnormal_since, now, zone)}{_ago(view.abnormal_since, now)}"
        )
    if view.last_submission is not None:
        lines.append(
            f"Dernier envoi {_at(view.last_submission, now, zone)}{_ago(view.last_submission, now)}"
        )
    return lines


def _volume(view: View) -> list[str]:
    lines = ["Envois          messages (d'habitude)   destinataires (d'habitude)"]
    names = {120: "2 min", 600: "10 min", 3600: "1 h", 86_400: "24 h"}
    for window in view.windows:
        name = names.get(window.seconds, f"{window.seconds} s")
        lines.append(
            f"  {name:<8}      {window.messages:>8} ({window.usual_messages:.0f} au plus)"
            f"{window.recipients:>17} ({window.usual_recipients:.0f} au plus)"
        )
    return lines


def _networks(networks: Sequence[NetworkView], now: int, zone: tzinfo) -> list[str]:
    if not networks:
        return []
    used = [network for network in networks if network.messages]
    strange = sum(1 for network in used if not network.known)
    lines = [f"Réseaux         {len(used)} depuis 1 h, dont {strange} qui ne sont pas les siens"]
    ordered = sorted(networks, key=lambda n: (not n.messages, n.known, -n.messages))
    for network in ordered[:_NETWORKS]:
        country = f" {network.country}" if network.country else ""
        whose = "le sien" if network.known else "INCONNU"
        since = f", vu depuis {_at(network.first, now, zone)}" if network.first else ""
        lines.append(f"  {network.network}{country} : {whose}, {network.messages} messages{since}")
    if len(ordered) > _NETWORKS:
        lines.append(f"  et {len(ordered) - _NETWORKS} autres")
    return lines


def _recipients(view: View) -> list[str]:
    lines = []
    if view.domains:
        top = [f"{domain} ({count})" for domain, count in list(view.domains.items())[:_DOMAINS]]
        lines.append(f"Destinations    {', '.join(top)} ; {view.domains_day} domaines en 24 h")
    if view.settled:
        lines.append(
            f"Sort            {_percent(view.unknown, view.settled)} d'adresses inconnues,"
            f" {_percent(view.rejected, view.settled)} de refus, sur {view.settled} destinataires"
        )
    return lines


def _queue(look: Look, zone: tzinfo) -> str:
    queue = look.queue
    if queue is None:
        return f"File            illisible : {look.queue_unknown}"
    if queue.attributed is None:
        return f"File            {queue.messages} messages, sans savoir de qui ({queue.method})"
    share, held = queue.shares.get(look.account), queue.held.get(look.account)
    mine = share.messages if share else 0
    text = f"File            {mine} messages sur {queue.messages}"
    if queue.messages:
        text += f" ({_percent(mine, queue.messages)})"
    if queue.attributed < queue.messages:
        text += f", {queue.attributed} regardés seulement"
    if held:
        text += f", dont {held.messages} retenus depuis {_at(int(held.since), look.now, zone)}"
    return text


def _sessions(look: Look) -> str:
    if look.sessions is None:
        return f"Sessions SMTP   inconnues : {look.sessions_unknown}"
    if not look.sessions:
        return "Sessions SMTP   aucune ouverte"
    shown = ", ".join(f"{client} (smtpd {pid})" for pid, client in look.sessions[:5])
    more = f" et {len(look.sessions) - 5} autres" if len(look.sessions) > 5 else ""
    return f"Sessions SMTP   {len(look.sessions)} : {shown}{more}"


def _ordered(reasons: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(reasons.items(), key=lambda item: -item[1])


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def _at(time: int, now: int, zone: tzinfo) -> str:
    local, today = (datetime.fromtimestamp(t, UTC).astimezone(zone) for t in (time, now))
    return f"{local:%H:%M:%S}" if local.date() == today.date() else f"{local:%d/%m %H:%M}"


def _ago(time: int, now: int) -> str:
    seconds = max(0, now - time)
    if seconds < 120:
        return f", il y a {seconds} s"
    if seconds < 7200:
        return f", il y a {seconds // 60} min"
    return f", il y a {seconds // 3600} h"
