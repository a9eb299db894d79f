"""The whole PDF: a summary, one section an agent, then what it all rests on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, SimpleDocTemplate, Spacer

from alertmanager.statement.model import Statement
from alertmanager.statement.outputs.pdf.agent import AgentPages
from alertmanager.statement.outputs.pdf.grounds import ground_pages
from alertmanager.statement.outputs.pdf.summary import summary_page
from alertmanager.statement.outputs.pdf.typography import (
    QUIET,
    REGULAR,
    register_fonts,
    typeset,
)


def statement_pdf(statement: Statement) -> bytes:
    """The file: the same bytes for the same statement. Fonts are embedded."""
    register_fonts()
    out = io.BytesIO()
    title = f"{statement.title}, {statement.label}"
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=15 * mm - 6,  # the frame itself keeps 6 points
        rightMargin=15 * mm - 6,
        topMargin=14 * mm,
        bottomMargin=18 * mm,
        title=title,
        subject="État d'astreinte",
        lang="fr-FR",
        invariant=1,
    )
    document.build(list(_flowables(statement)), canvasmaker=_numbered(title))
    return out.getvalue()


def _flowables(statement: Statement) -> Iterator[Flowable]:
    zone = ZoneInfo(statement.zone)
    yield from summary_page(statement)
    for agent in statement.agents:
        yield PageBreak()
        yield from AgentPages(agent, statement.label, zone).flowables()
    yield PageBreak()
    yield from ground_pages(statement)
    yield Spacer(1, 1)


def _numbered(title: str) -> type[Canvas]:
    """A canvas that knows how many pages there are when it draws their feet."""

    class Numbered(Canvas):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **(more | {"initialFontName": REGULAR}))
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  (the name is reportlab's)
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # missing in the stubs

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self.setFont(REGULAR, 7)
                self.setFillColor(QUIET)
                self.drawString(15 * mm, 10 * mm, typeset(title))
                self.drawRightString(195 * mm, 10 * mm, f"page {number} / {len(self._pages)}")
                super().showPage()
            super().save()

    return Numbered
