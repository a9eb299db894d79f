"""The PDF, read again by another program: pages, signatures, what stands out, French."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import reportlab
from reportlab.pdfbase.ttfonts import TTFont
from signed_month import signed_month

from alertmanager.statement.outputs.pdf import statement_pdf
from alertmanager.statement.outputs.pdf.typography import register_fonts, typeset

NBSP = "\u00a0"


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[str]:
    path: Path = tmp_path_factory.mktemp("pdf") / "statement.pdf"
    path.write_bytes(statement_pdf(signed_month()))
    command = ["pdftotext", "-layout", str(path), "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [page.replace(NBSP, " ") for page in done.stdout.split("\f") if page.strip()]


def test_each_agent_has_a_section_to_sign(pages) -> None:
    for name in ("Ada Lefèvre", "Bob Martin", "Cid Morel"):
        section = next(at for at, page in enumerate(pages) if page.lstrip().startswith(name))
        text = "\n".join(pages[section : section + 2])
        assert "Le responsable hiérarchique" in text
        assert "Certifié exact, le" in text
        assert "Service fait, le" in text


def test_pages_are_numbered(pages) -> None:
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"page {number} / {len(pages)}" in page


def test_what_must_be_read_comes_before_the_totals(pages) -> None:
    assert pages[0].index("À lire avant de signer") < pages[0].index("Coût par commune")
    assert "non vérifié" in pages[0]
    bob = next(page for page in pages if page.lstrip().startswith("Bob Martin"))
    assert bob.index("À lire avant de signer") < bob.index("Périodes d’astreinte")


def test_figures_stand_with_their_rule_and_source(pages) -> None:
    text = " ".join(" ".join(pages).split())
    assert "205,75 × 50 % = 102,875, arrondi à 102,88" in text
    assert "LEGIARTI000049599744" in text
    assert "vérifié dans le texte" in text
    assert "incident 0711" in text.lower()


def test_the_same_statement_is_the_same_file() -> None:
    assert statement_pdf(signed_month()) == statement_pdf(signed_month())


def test_every_font_is_embedded(tmp_path) -> None:
    path = tmp_path / "statement.pdf"
    path.write_bytes(statement_pdf(signed_month()))
    done = subprocess.run(["pdffonts", str(path)], check=True, capture_output=True, text=True)
    fonts = done.stdout.splitlines()[2:]
    assert len(fonts) == 2
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts)


def test_vera_which_comes_with_reportlab_draws_all_that_we_write(pages) -> None:
    """The font of a host without DejaVu: the text of every page is in it."""
    face = TTFont("vera", str(Path(reportlab.__file__).parent / "fonts/Vera.ttf")).face
    assert {c for page in pages for c in page if ord(c) not in face.charToGlyph} <= set("\n\f")


def test_mark_up_in_a_name_is_text() -> None:
    assert statement_pdf(signed_month("<b>Ada</b> & <para>")).startswith(b"%PDF")


def test_typography_is_french() -> None:
    register_fonts()
    assert typeset("« l'astreinte » : 12 h 05, 50 % ; 1 085,08 €") == (
        f"«{NBSP}l’astreinte{NBSP}»{NBSP}: 12{NBSP}h{NBSP}05, 50{NBSP}%{NBSP}; 1{NBSP}085,08{NBSP}€"
    )
    assert typeset("a\x00b\u4e00") == "a b?"
