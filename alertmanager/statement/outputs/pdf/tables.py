"""Tables, boxes and signatures of the PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from alertmanager.statement.outputs.pdf.typography import (
    ACCENT,
    ALARM,
    ALARM_BACK,
    BODY,
    CELL,
    HEAD,
    HEAD_NUMBER,
    REGULAR,
    RULE,
    SMALL,
    WARNING,
    WARNING_TITLE,
    sentence,
    words,
)

WIDTH = 180 * mm
"""Between the margins of an A4 page."""
_FONT = ("FONTNAME", (0, 0), (-1, -1), REGULAR)  # else it names one that is not embedded
Cell = Paragraph | Sequence[Flowable]


def table(
    headings: Sequence[str],
    widths: Sequence[float],
    rows: Sequence[Sequence[Cell]],
    numbers: frozenset[int] = frozenset(),
    total: bool = False,
) -> Table:
    """`widths` in mm; columns of `numbers` are set to the right; `total`: the last row is one."""
    head = [
        words(text, HEAD_NUMBER if place in numbers else HEAD)
        for place, text in enumerate(headings)
    ]
    style: list[Any] = [
        _FONT,
        ("BACKGROUND", (0, 0), (-1, 0), ACCENT),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]
    if total:
        style += [
            ("LINEABOVE", (0, -1), (-1, -1), 0.9, ACCENT),
            ("BACKGROUND", (0, -1), (-1, -1), HexColor("#eef2f7")),
        ]
    return Table(
        [head, *map(list, rows)], [width * mm for width in widths], repeatRows=1, style=style
    )


def warning_box(title: str, sentences: Sequence[str]) -> list[Flowable]:
    """What must be read before anything is signed; nothing where there is nothing to say."""
    if not sentences:
        return []
    inside: list[list[Flowable]] = [[words(title, WARNING_TITLE)]]
    inside += [[words(sentence(text), WARNING, "•")] for text in sentences]
    style: list[Any] = [
        _FONT,
        ("BACKGROUND", (0, 0), (-1, -1), ALARM_BACK),
        ("LINEBEFORE", (0, 0), (0, -1), 2.5, ALARM),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]
    return [Table(inside, [WIDTH], style=style), Spacer(1, 3 * mm)]


def signatures(name: str) -> list[Flowable]:
    """The place where the agent and the manager sign."""
    boxes = [
        [
            [words("L'agent", BODY), words(name, CELL), words("Certifié exact, le", SMALL)],
            [
                words("Le responsable hiérarchique", BODY),
                words("Nom et qualité :", SMALL),
                words("Service fait, le", SMALL),
            ],
        ]
    ]
    style: list[Any] = [
        _FONT,
        ("BOX", (0, 0), (0, 0), 0.6, RULE),
        ("BOX", (1, 0), (1, 0), 0.6, RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
    ]
    frame = Table(boxes, [WIDTH / 2] * 2, rowHeights=[30 * mm], style=style)
    return [Spacer(1, 6 * mm), frame]
