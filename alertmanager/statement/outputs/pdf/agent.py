"""One agent's section of the PDF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from reportlab.platypus import Flowable, KeepTogether

from alertmanager.statement.model import (
    AgentStatement,
    Basis,
    DutyLine,
    InterventionLine,
    Regime,
    RestBreach,
)
from alertmanager.statement.money import duration, plain, written
from alertmanager.statement.outputs.pdf.tables import Cell, signatures, table, warning_box
from alertmanager.statement.outputs.pdf.typography import (
    BODY,
    CELL,
    CELL_BOLD,
    HEADING,
    NUMBER,
    NUMBER_BOLD,
    SMALL,
    SMALL_ALARM,
    TITLE,
    sentence,
    words,
)

_STREAMS = {"technical": "filière technique", "non_technical": "hors filière technique"}
_CATEGORIES = {
    "exploitation": "d'exploitation",
    "securite": "de sécurité",
    "decision": "de décision",
}


class AgentPages:
    """Draws an agent; instants by the clocks of `zone`."""

    def __init__(self, agent: AgentStatement, label: str, zone: ZoneInfo) -> None:
        self._agent, self._label, self._zone = agent, label, zone

    def flowables(self) -> Iterator[Flowable]:
        """The section from its title to the signatures."""
        agent = self._agent
        yield words(agent.name, TITLE)
        yield words(f"État d'astreinte de {self._label} ; identifiant {agent.person}", BODY)
        regimes = [line.regime for line in agent.duties]
        regimes += [line.regime for line in agent.interventions]
        for regime in dict.fromkeys(regimes):
            yield words(_regime(regime), BODY)
        yield from warning_box("À lire avant de signer", list(self._warnings()))
        if agent.duties:
            yield words("Périodes d'astreinte", HEADING)
            yield self._duties()
        if agent.interventions:
            yield words("Interventions", HEADING)
            yield self._interventions()
        yield KeepTogether(
            [words("Total de l'agent", HEADING), self._total(), *signatures(agent.name)]
        )

    def _warnings(self) -> Iterator[str]:
        for remark in self._agent.remarks:
            yield remark.text
        for breach in self._agent.breaches:
            yield self._breach(breach)

    def _breach(self, breach: RestBreach) -> str:
        later = breach.proposed_start
        mended = f" ; reprise du service au plus tôt le {self._at(later)}" if later else ""
        return (
            f"{breach.label} : {breach.why}, du {self._at(breach.start)} au"
            f" {self._at(breach.end)}{mended} ({breach.basis.source})"
        )

    def _at(self, instant: datetime) -> str:
        local = instant.astimezone(self._zone)
        return f"{local:%d/%m/%Y} à {local.hour} h {local:%M}"

    def _when(self, start: datetime, end: datetime) -> str:
        low, high = (instant.astimezone(self._zone) for instant in (start, end))
        until = "" if low.date() == high.date() else f"{high:%d/%m} "
        return f"{low:%d/%m} {low.hour} h {low:%M} – {until}{high.hour} h {high:%M}"

    def _duties(self) -> Flowable:
        rows: list[list[Cell]] = []
        for line in self._agent.duties:
            first: list[Flowable] = [
                words(line.label, CELL_BOLD),
                words(self._when(line.start, line.end), CELL),
                words(self._told(line), SMALL),
                *(words(note, SMALL) for note in (*line.holidays, *line.notes)),
            ]
            for place, step in enumerate(line.steps):
                rows.append(
                    [
                        first if place == 0 else words(sentence(step.label)),
                        words(duration(line.minutes) if place == 0 else "", NUMBER),
                        [words(step.formula), *_ground(step.basis)],
                        words(written(step.amount), NUMBER),
                        words(_rest(line) if place == 0 else "", NUMBER),
                    ]
                )
        agent = self._agent
        rest_days = sum(line.rest_days for line in agent.duties)
        rest_minutes = sum(line.rest_minutes for line in agent.duties)
        rows.append(
            [
                words("Astreintes", CELL_BOLD),
                words(duration(agent.duty_minutes), NUMBER_BOLD),
                words(""),
                words(written(agent.duty_amount), NUMBER_BOLD),
                words(_amount_of_rest(plain(rest_days) if rest_days else "", rest_minutes), NUMBER),
            ]
        )
        headings = ("Période", "Durée", "Calcul, règle et source", "Euros", "Repos")
        return table(headings, (56, 18, 70, 18, 18), rows, frozenset({1, 3, 4}), total=True)

    def _told(self, line: DutyLine) -> str:
        if line.told_at is None:
            return f"tour « {line.roster} »"
        days = f"{line.clear_days} jours francs avant" if line.clear_days is not None else ""
        return f"tour « {line.roster} » ; prévenu le {self._at(line.told_at)}, {days}"

    def _interventions(self) -> Flowable:
        rows: list[list[Cell]] = []
        for line in self._agent.interventions:
            first = self._work(line)
            for place, part in enumerate(line.segments):
                amount = "paie" if part.amount is None else written(part.amount)
                rows.append(
                    [
                        first if place == 0 else words(""),
                        [
                            words(part.label, CELL_BOLD),
                            words(self._when(part.start, part.end), SMALL),
                        ],
                        words(duration(part.minutes), NUMBER),
                        [words(part.formula), *_ground(part.basis)],
                        words(amount, NUMBER),
                        words(duration(part.rest_minutes) if part.rest_minutes else "", NUMBER),
                    ]
                )
        agent = self._agent
        rest = sum(line.rest_minutes for line in agent.interventions)
        rows.append(
            [
                words("Interventions", CELL_BOLD),
                words(""),
                words(duration(agent.intervention_minutes), NUMBER_BOLD),
                words(""),
                words(written(agent.intervention_amount), NUMBER_BOLD),
                words(duration(rest) if rest else "", NUMBER),
            ]
        )
        headings = ("Intervention", "Heures", "Durée", "Calcul, règle et source", "Euros", "Repos")
        return table(headings, (46, 32, 16, 54, 16, 16), rows, frozenset({2, 4, 5}), total=True)

    def _work(self, line: InterventionLine) -> list[Flowable]:
        one = line.intervention
        steps = (
            ("appel", one.called_at),
            ("pris en charge", one.acknowledged_at),
            ("début", one.started_at),
            ("départ", one.left_at),
            ("arrivée", one.arrived_at),
            ("fin", one.ended_at),
            ("retour", one.returned_at),
        )
        known = ", ".join(
            f"{word} {local.hour} h {local:%M}"
            for word, at in steps
            if at is not None and (local := at.astimezone(self._zone))
        )
        place = "sur place" if one.on_site else "à distance"
        whose = f"pour {one.member}" if one.member else "pour toutes les communes"
        return [
            words(f"Incident {one.incident}", CELL_BOLD),
            words(self._when(line.start, line.end)),
            words(f"{place}, {whose} ; {known}", SMALL),
            *(words(note, SMALL) for note in line.notes),
        ]

    def _total(self) -> Flowable:
        agent = self._agent
        rest = _amount_of_rest(
            plain(agent.rest_days) if agent.rest_days else "", agent.rest_minutes
        )
        left = f"{duration(agent.unpriced_minutes)} à chiffrer par la paie"
        rows = [
            [
                words(written(agent.duty_amount), NUMBER),
                words(written(agent.intervention_amount), NUMBER),
                words(f"{written(agent.amount)} €", NUMBER_BOLD),
                words(rest or "aucun", NUMBER),
                words(left if agent.unpriced_minutes else "rien", NUMBER),
            ]
        ]
        headings = ("Astreintes", "Interventions", "À payer", "Repos dû", "Hors de ce total")
        return table(headings, (30, 30, 34, 36, 50), rows, frozenset(range(5)))


def _ground(basis: Basis) -> list[Flowable]:
    where = f"{sentence(basis.source)} ({basis.trust_words})."
    style = SMALL_ALARM if basis.trust == "unverified" else SMALL
    return [words(f"{sentence(basis.rule)}. {where}", style)]


def _rest(line: DutyLine) -> str:
    return _amount_of_rest(plain(line.rest_days) if line.rest_days else "", line.rest_minutes)


def _amount_of_rest(days: str, minutes: int) -> str:
    parts = [f"{days} j" if days else "", duration(minutes) if minutes else ""]
    return " + ".join(filter(None, parts))


def _regime(regime: Regime) -> str:
    overtime = (
        "éligible aux heures supplémentaires (IHTS)" if regime.ihts else "non éligible aux IHTS"
    )
    means = "repos" if regime.compensation == "rest" else "indemnité"
    return (
        f"Régime : {_STREAMS[regime.stream]}, astreinte {_CATEGORIES[regime.category]},"
        f" {overtime}, compensation en {means}"
    )
