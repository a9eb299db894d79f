"""What each member town bears; the parts add up to the whole, to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from alertmanager.statement.intervention_lines import unpriced_minutes
from alertmanager.statement.model import InterventionLine, MemberCost, Remark
from alertmanager.statement.money import ZERO, plain, total, written
from alertmanager.statement.settings import MemberKey

SHARING_RULE = (
    "L'astreinte et les interventions faites pour toutes les communes sont réparties selon les clés"
    " de la délibération : chaque part est d'abord arrondie au centime inférieur, puis les centimes"
    " restants vont un par un aux plus grands restes, à égalité dans l'ordre du fichier. Une"
    " intervention faite pour une commune lui revient en entier."
)
_CENT = Decimal("0.01")


def shared(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`amount` by weight, largest remainders first; the parts add up to it exactly."""
    whole = sum(weights, Decimal(0))
    exact = [amount * weight / whole for weight in weights]
    parts = [part.quantize(_CENT, ROUND_FLOOR) for part in exact]
    left = int((amount - total(parts)) / _CENT)
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[:left]:
        parts[at] += _CENT
    return parts


def costs_of(
    duty: Decimal, lines: Sequence[InterventionLine], members: Sequence[MemberKey]
) -> tuple[tuple[MemberCost, ...], tuple[Remark, ...]]:
    """One row a town, and what was billed to a town that is not in the file."""
    known = {member.id for member in members}
    weights = [member.weight for member in members]
    common = [line for line in lines if line.intervention.member not in known]
    strangers = sorted({name for line in common if (name := line.intervention.member)})
    duty_parts = shared(duty, weights)
    common_amount = _amount(common)
    common_parts = shared(common_amount, weights)
    whole = sum(weights, Decimal(0))
    rows = []
    for member, duty_part, common_part in zip(members, duty_parts, common_parts, strict=True):
        own = [line for line in lines if line.intervention.member == member.id]
        amount = _amount(own)
        key = f"{plain(member.weight)}/{plain(whole)}"
        rows.append(
            MemberCost(
                member=member.id,
                name=member.name,
                weight=member.weight,
                weights=whole,
                interventions=amount,
                common_interventions=common_part,
                duty=duty_part,
                amount=amount + common_part + duty_part,
                intervention_minutes=sum(line.minutes for line in own),
                unpriced_minutes=sum(map(unpriced_minutes, own)),
                rest_minutes=sum(line.rest_minutes for line in own),
                formula=(
                    f"{written(amount)} + {written(common_amount)} × {key}"
                    f" (= {written(common_part)}) + {written(duty)} × {key}"
                    f" (= {written(duty_part)})"
                ),
            )
        )
    remarks = tuple(
        Remark(
            f"commune « {name} » absente de statement.yml : ses interventions sont réparties"
            " entre toutes"
        )
        for name in strangers
    )
    return tuple(rows), remarks


def _amount(lines: Sequence[InterventionLine]) -> Decimal:
    return total(line.amount if line.amount is not None else ZERO for line in lines)
