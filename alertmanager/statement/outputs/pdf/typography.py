"""French typography, fonts and paragraph styles of the PDF."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from alertmanager.statement.outputs.cells import one_line

REGULAR, BOLD = "VigieSans", "VigieSans-Bold"
INK, QUIET, RULE = HexColor("#1a1a1a"), HexColor("#555555"), HexColor("#c4c9d1")
ACCENT, ALARM, ALARM_BACK = HexColor("#1f3a5f"), HexColor("#8a1c1c"), HexColor("#fdf1e7")

# DejaVu grew from Vera and has its widths: a host without it makes the same pages.
_VERA = Path(reportlab.__file__).parent / "fonts"
_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
_NBSP, _THIN = "\u00a0", "\u202f"


def register_fonts() -> None:
    """Make the two fonts known to reportlab; they are embedded in the file."""
    if REGULAR in pdfmetrics.getRegisteredFontNames():
        return
    known = (_DEJAVU / "DejaVuSans.ttf").exists() and (_DEJAVU / "DejaVuSans-Bold.ttf").exists()
    regular, bold = (
        (_DEJAVU / "DejaVuSans.ttf", _DEJAVU / "DejaVuSans-Bold.ttf")
        if known
        else (_VERA / "Vera.ttf", _VERA / "VeraBd.ttf")
    )
    pdfmetrics.registerFont(TTFont(REGULAR, str(regular)))
    pdfmetrics.registerFont(TTFont(BOLD, str(bold)))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )


def typeset(text: str) -> str:
    """The text with the spaces that French does not break, in characters the font has."""
    text = one_line(text).replace("'", "’")
    text = re.sub(r" ([:;!?»%€])", _NBSP + r"\1", text)
    text = text.replace("« ", "«" + _NBSP).replace(_THIN, _NBSP)
    text = re.sub(r"(\d) (h|min|j|€|jours?)\b", rf"\1{_NBSP}\2", text)
    text = re.sub(r"\bh (\d\d)\b", rf"h{_NBSP}\1", text)
    text = re.sub(r"(\d) (?=\d{3}\b)", rf"\1{_NBSP}", text)
    text = re.sub(r"\b(n°|art\.) (?=\d)", rf"\1{_NBSP}", text)
    return "".join(map(_drawable, text))


def _drawable(character: str) -> str:
    """The character, else its letter without accents, else a question mark."""
    face = pdfmetrics.getFont(REGULAR).face  # type: ignore[attr-defined]  # of a TTFont
    if ord(character) in face.charToGlyph:
        return character
    base = unicodedata.normalize("NFKD", character)[0]
    return base if ord(base) in face.charToGlyph else "?"


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    values: dict[str, Any] = {
        "fontName": REGULAR,
        "bulletFontName": REGULAR,
        "fontSize": size,
        "leading": size * 1.3,
        "textColor": INK,
    }
    return ParagraphStyle(name, **(values | more))


TITLE = _style("title", 17, fontName=BOLD, textColor=ACCENT, spaceAfter=2)
PERIOD = _style("period", 12, textColor=QUIET, spaceAfter=8)
HEADING = _style("heading", 11, fontName=BOLD, textColor=ACCENT, spaceBefore=10, spaceAfter=4)
BODY = _style("body", 8.5, spaceAfter=3)
CELL = _style("cell", 7.5)
CELL_BOLD = _style("cell-bold", 7.5, fontName=BOLD)
NUMBER = _style("number", 7.5, alignment=TA_RIGHT)
NUMBER_BOLD = _style("number-bold", 7.5, alignment=TA_RIGHT, fontName=BOLD)
HEAD = _style("head", 7.5, fontName=BOLD, textColor=HexColor("#ffffff"), splitLongWords=0)
HEAD_NUMBER = _style(
    "head-number",
    7.5,
    fontName=BOLD,
    textColor=HexColor("#ffffff"),
    alignment=TA_RIGHT,
    splitLongWords=0,
)
SMALL = _style("small", 6.5, textColor=QUIET)
SMALL_ALARM = _style("small-alarm", 6.5, textColor=ALARM)
WARNING = _style("warning", 8, leftIndent=9, bulletIndent=0)
WARNING_TITLE = _style("warning-title", 9.5, fontName=BOLD, textColor=ALARM, spaceAfter=3)


def sentence(text: str) -> str:
    """The text with a capital; what continues one has none."""
    return text[:1].upper() + text[1:]


def words(text: str, style: ParagraphStyle = CELL, bullet: str | None = None) -> Paragraph:
    """A paragraph of text from anywhere: no mark-up of it is obeyed."""
    return Paragraph(escape(typeset(text)), style, bulletText=bullet)
