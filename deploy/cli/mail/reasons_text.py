"""The findings of `vigie mail analyse` in French, as a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType

from exporters.mailqueue.detector import Detection

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "volume": "envoie bien plus que d'habitude",
        "new_network": "envoie depuis un réseau qui n'est pas le sien",
        "networks": "envoie depuis de nombreux réseaux à la fois",
        "countries": "envoie depuis plusieurs pays à la fois",
        "unknown_users": "écrit à beaucoup d'adresses qui n'existent pas",
        "rejected": "voit beaucoup de ses messages refusés",
        "domains": "écrit à de très nombreux domaines",
        "strangers": "écrit à beaucoup d'adresses nouvelles pour lui",
        "pace": "envoie à un rythme qu'aucune personne ne tient",
        "sustained": "envoie sans relâche depuis des heures",
        "login": "connexion réussie après plusieurs échecs, depuis un réseau nouveau",
        "queue_share": "occupe une grande part de la file d'attente",
        "backstop": "dépasse une limite absolue",
        "slow_deliveries": "expéditeurs dont le courrier attend dans la file active, en %",
        "stalled": "messages pris en charge mais non distribués, en %",
        "deferred": "messages reportés, en %",
    }
)


def words(name: str) -> str:
    """A reason in French; one that has no words yet by its name, for nobody waits at night."""
    return REASONS.get(name, name)


def rfc3339(time: int, zone: tzinfo) -> str:
    """An instant of the log, with the offset of `zone`."""
    return datetime.fromtimestamp(time, UTC).astimezone(zone).isoformat()


def french(found: Sequence[Detection], zone: tzinfo) -> str:
    """The timeline."""
    if not found:
        return "Rien à signaler : ni compte détourné, ni engorgement.\n"
    lines: list[str] = []
    for detection in found:
        at = datetime.fromtimestamp(detection.time, UTC).astimezone(zone)
        what = (
            f"compte détourné : {detection.account}, score {number(detection.score)} sur 100"
            if detection.kind == "compromised"
            else "engorgement du serveur de courrier"
        )
        lines.append(f"{at:%d/%m/%Y %H:%M:%S}  {what}")
        for name, value in sorted(detection.reasons.items(), key=lambda item: -item[1]):
            lines.append(f"    {number(value):>5}  {words(name)}")
    return "\n".join(lines) + "\n"


def gaps(read: int, unread: int) -> str:
    """What of a log told nothing that should have: a finding of nothing then proves little."""
    lines = f"lignes sans date ou d'une forme inconnue : {unread}"
    if read:
        return lines
    nothing = "aucun envoi, aucune remise ni connexion dans ce journal ; attendu : mail.log"
    return f"{nothing} ({lines})" if unread else nothing


def number(value: float) -> str:
    """With one decimal, as it is written in French."""
    return f"{value:.1f}".replace(".", ",")
