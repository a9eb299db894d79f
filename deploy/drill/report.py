"""The report of a drill: what is asked of it, what was seen, what is missing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STEPS: dict[str, str] = {
    "metric": "visible dans /metrics",
    "alert": "alerte levée par Prometheus",
    "webhook": "reçue par le webhook",
    "sms_accepted": "SMS accepté par la passerelle",
    "sms_delivered": "SMS affiché par le téléphone",
    "delivery_proven": "remise prouvée par la passerelle",
    "acknowledged": "prise en charge",
    "status_page": "page d'état « perturbé »",
    "queue_jammed": "file engorgée, alerte liée mais tue",
    "contained": "compte bloqué, file purgée",
    "all_clear": "retour à la normale annoncé",
}
LIMIT_SCRAPE = 0.5
"""Seconds a scrape of all collectors may take, even while the queue is jammed."""
LIMIT_SMS_DELIVERED = 45.0
"""Seconds from the first abnormal mail to the SMS on the handset, at a 15 s scrape interval."""


@dataclass
class HonestMail:
    """Honest mail during the drill; `delayed` took more than a minute, `lost` never arrived."""

    sent: int = 0
    delivered: int = 0
    delayed: int = 0

    @property
    def lost(self) -> int:
        return self.sent - self.delivered


@dataclass
class Observation:
    """What the drill saw. `seconds` are since the first abnormal mail."""

    drill: str
    expected_account: str
    expected_person: str
    account: str | None = None
    paged: list[str] = field(default_factory=list)
    why_paged: str = ""
    sms: str = ""
    sms_segments: int = 0
    sms_phone_is_right: bool = False
    all_clear_sms: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    honest_mail: HonestMail = field(default_factory=HonestMail)
    false_pages: int = 0
    attack: dict[str, int] = field(default_factory=dict)
    member_pages_alike: bool = False
    empty_panels: list[str] = field(default_factory=list)
    lost_canaries: list[str] = field(default_factory=list)
    """Members to whom no canary ever came, or one came too late to count."""
    scrape_seconds: float | None = None
    metrics_lint: str = ""


def faults(seen: Observation) -> list[str]:
    """Everything that makes the drill fail, in French; empty when it succeeded."""
    found = [
        f"étape manquante : {words}" for step, words in STEPS.items() if step not in seen.seconds
    ]
    if seen.account != seen.expected_account:
        found.append(f"compte nommé : {seen.account or 'aucun'}, attendu : {seen.expected_account}")
    if seen.paged != [seen.expected_person] or not seen.sms_phone_is_right:
        paged = ", ".join(seen.paged) or "aucune"
        found.append(f"personne appelée : {paged}, attendu : {seen.expected_person}")
    delivered = seen.seconds.get("sms_delivered")
    if delivered is not None and delivered > LIMIT_SMS_DELIVERED:
        found.append(
            f"SMS affiché après {delivered:.1f} s, attendu : {LIMIT_SMS_DELIVERED:.0f} s au plus"
        )
    if seen.sms and seen.sms_segments > 2:
        found.append(f"SMS de {seen.sms_segments} segments, attendu : 2 au plus")
    if seen.false_pages:
        found.append(f"{seen.false_pages} appel(s) à tort")
    if seen.honest_mail.lost:
        found.append(f"{seen.honest_mail.lost} courrier(s) honnête(s) non remis")
    if not seen.member_pages_alike:
        found.append("une commune n'a pas vu sa messagerie perturbée, ou a vu une autre commune")
    if seen.scrape_seconds is None or seen.scrape_seconds >= LIMIT_SCRAPE:
        found.append(f"collecte complète en {seen.scrape_seconds} s, attendu : moins de 0,5 s")
    if seen.metrics_lint:
        found.append(f"promtool check metrics : {seen.metrics_lint}")
    found += [f"panneau Grafana vide : {panel}" for panel in seen.empty_panels]
    found += [f"message témoin perdu, ou jamais venu : {town}" for town in seen.lost_canaries]
    return found


def as_json(seen: Observation) -> dict[str, Any]:
    """The machine-readable report (its keys are a fixed interface)."""
    problems = faults(seen)
    honest = seen.honest_mail
    return {
        "drill": seen.drill,
        "ok": not problems,
        "faults": problems,
        "account": seen.account,
        "paged": seen.paged,
        "why_paged": seen.why_paged,
        "sms": seen.sms,
        "sms_segments": seen.sms_segments,
        "all_clear_sms": seen.all_clear_sms,
        "seconds": {step: seen.seconds.get(step) for step in STEPS},
        "honest_mail": {
            "sent": honest.sent,
            "delivered": honest.delivered,
            "delayed": honest.delayed,
        },
        "false_pages": seen.false_pages,
        "attack": seen.attack,
        "empty_panels": seen.empty_panels,
        "lost_canaries": seen.lost_canaries,
        "scrape_seconds": seen.scrape_seconds,
        "metrics_lint": seen.metrics_lint,
    }


def as_text(seen: Observation) -> str:
    """The same for people, in French."""
    lines = [f"Exercice « {seen.drill} »", ""]
    lines.append("Depuis le premier courrier anormal :")
    for step, words in STEPS.items():
        value = seen.seconds.get(step)
        shown = f"{value:7.1f} s" if value is not None else "  jamais "
        lines.append(f"  {shown}  {words}")
    honest = seen.honest_mail
    lines += [
        "",
        f"Compte nommé        {seen.account or 'aucun'}",
        f"Personne appelée    {', '.join(seen.paged) or 'aucune'}",
        f"Pourquoi elle       {seen.why_paged}",
        f"SMS ({seen.sms_segments} segments)    {seen.sms}",
        f"Fin d'alerte        {seen.all_clear_sms}",
        f"Attaque             {_counts(seen.attack)}",
        f"Courrier honnête    {_fate(honest)}",
        f"Appels à tort       {seen.false_pages}",
        f"Collecte complète   {seen.scrape_seconds} s pendant l'attaque",
        "",
    ]
    problems = faults(seen)
    lines.append("Réussi." if not problems else "Échec :")
    lines += [f"  - {problem}" for problem in problems]
    return "\n".join(lines)


def _counts(attack: Mapping[str, int]) -> str:
    return (
        f"{attack.get('messages', 0)} messages à {attack.get('recipients', 0)} destinataires"
        f" depuis {attack.get('addresses', 0)} adresses"
    )


def _fate(honest: HonestMail) -> str:
    return (
        f"{honest.sent} envoyés, {honest.delivered} remis,"
        f" {honest.delayed} remis après plus d'une minute"
    )
