"""The words of the status page: plain French, neutral, no host name, no label, no number."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.status.french_time import NBSP
from dashboards.status.model import Impact, Reach, State

STATE_WORDS = {
    State.WORKING: "Fonctionne",
    State.UNKNOWN: "Inconnu",
    State.DISTURBED: "Perturbé",
    State.DOWN: "En panne",
}

STATE_OF_IMPACT: dict[Impact, State] = {"degraded": State.DISTURBED, "outage": State.DOWN}

_TITLES: dict[Impact, str] = {
    "degraded": "{service} : fonctionnement perturbé",
    "outage": "{service} : service en panne",
}

# (service, reach, impact) -> sentence. Services are the site's own, so anything may be absent here.
_SENTENCES: dict[tuple[str, Reach, Impact], str] = {
    ("messagerie", "service", "degraded"): (
        "L’envoi et la réception des messages peuvent prendre du retard."
    ),
    ("messagerie", "service", "outage"): "L’envoi et la réception des messages sont interrompus.",
    ("messagerie", "member", "degraded"): (
        "L’envoi et la réception des messages de votre commune peuvent prendre du retard."
    ),
    ("messagerie", "member", "outage"): (
        "L’envoi et la réception des messages de votre commune sont interrompus."
    ),
    ("hebergement", "service", "degraded"): (
        "Les serveurs et les applications peuvent être lents ou répondre par intermittence."
    ),
    ("hebergement", "service", "outage"): (
        "Une partie des serveurs est arrêtée : des applications sont indisponibles."
    ),
    ("hebergement", "common", "degraded"): (
        "Un serveur que partagent les communes est arrêté ou ralenti :"
        " certains usages peuvent être perturbés."
    ),
    ("hebergement", "member", "degraded"): (
        "Un serveur de votre commune fonctionne moins bien : une application peut être lente."
    ),
    ("hebergement", "member", "outage"): (
        "Un serveur de votre commune est arrêté : une application peut être indisponible."
    ),
    ("sauvegarde", "service", "degraded"): (
        "Les dernières copies de secours sont plus anciennes que prévu."
        " Les données en service ne sont pas touchées."
    ),
    ("sauvegarde", "service", "outage"): (
        "Les copies de secours ne se font plus. Les données en service ne sont pas touchées."
    ),
    ("sauvegarde", "common", "degraded"): (
        "Une copie de secours d’un service commun est plus ancienne que prévu."
        " Les données en service ne sont pas touchées."
    ),
    ("sauvegarde", "member", "degraded"): (
        "La dernière copie de secours de votre commune est plus ancienne que prévu."
        " Vos données en service ne sont pas touchées."
    ),
    ("sauvegarde", "member", "outage"): (
        "Les copies de secours de votre commune ne se font plus."
        " Vos données en service ne sont pas touchées."
    ),
}

_ANY: dict[tuple[Reach, Impact], str] = {
    ("service", "degraded"): "Ce service fonctionne moins bien que d’habitude.",
    ("service", "outage"): "Ce service est interrompu.",
    ("common", "degraded"): "Une partie de ce service fonctionne moins bien que d’habitude.",
    ("common", "outage"): "Une partie de ce service est interrompue.",
    ("member", "degraded"): "Pour votre commune, ce service fonctionne moins bien que d’habitude.",
    ("member", "outage"): "Pour votre commune, ce service est interrompu.",
}

UNKNOWN_SENTENCE = (
    "Nous ne recevons pas de mesure de ce service."
    f" Il fonctionne peut-être{NBSP}: nous ne pouvons pas le dire."
)


def typeset(text: str) -> str:
    """`text` with the non-breaking space that French wants before a colon."""
    return text.replace(" :", f"{NBSP}:")


def incident_title(service_name: str, impact: Impact) -> str:
    """Title of an incident, without the place or the cause."""
    return typeset(_TITLES[impact].format(service=service_name))


def incident_sentence(service: str, reach: Reach, impact: Impact) -> str:
    """What users notice, in one or two sentences."""
    return typeset(_SENTENCES.get((service, reach, impact)) or _ANY[(reach, impact)])


@dataclass(frozen=True)
class _Headline:
    one: str
    several: str


_HEADLINES = {
    State.UNKNOWN: _Headline(
        "L’état d’un service est inconnu", "L’état de plusieurs services est inconnu"
    ),
    State.DISTURBED: _Headline("Un service est perturbé", "Plusieurs services sont perturbés"),
    State.DOWN: _Headline("Un service est en panne", "Plusieurs services sont en panne"),
}


def headline(states: list[State]) -> str:
    """One sentence for the worst of `states`, and for how many are there."""
    worst = max(states, key=lambda state: state.rank)
    if worst is State.WORKING:
        return "Tous les services fonctionnent" if len(states) > 1 else "Le service fonctionne"
    if worst is State.UNKNOWN and states.count(worst) == len(states):
        return "L’état des services est inconnu"
    words = _HEADLINES[worst]
    return words.one if states.count(worst) == 1 else words.several
