"""The statement as JSON and as CSV: what programs and spreadsheets read of it."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from signed_month import EVIL, signed_month

from alertmanager.statement import Statement
from alertmanager.statement.outputs.cells import csv_text
from alertmanager.statement.outputs.csv_ import COLUMNS, statement_csv
from alertmanager.statement.outputs.json_ import statement_json
from alertmanager.statement.outputs.text import statement_text

REFERENCE = Path(__file__).parents[3] / "docs/reference/duty-statement.md"


@pytest.fixture(scope="module")
def statement() -> Statement:
    return signed_month()


def rows_of(statement: Statement) -> list[dict[str, str]]:
    text = statement_csv(statement).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") or 0)


def test_json_has_amounts_as_text_and_instants_in_utc(statement) -> None:
    data = json.loads(statement_json(statement))
    assert data["schema"] == "vigie.statement/1"
    assert data["amount"] == str(statement.amount)
    assert data["start"] == "2026-04-30T22:00:00Z"
    ada = next(agent for agent in data["agents"] if agent["person"] == "ada")
    assert ada["duties"][0]["steps"][0]["amount"] == "159.20"
    assert sum(Decimal(cost["amount"]) for cost in data["costs"]) == statement.amount


def test_every_key_of_the_json_is_in_the_reference(statement) -> None:
    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    page = REFERENCE.read_text(encoding="utf-8")
    missing = {key for key in keys(json.loads(statement_json(statement))) if f"`{key}`" not in page}
    assert not missing


def test_every_column_of_the_csv_is_in_the_reference() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    assert [title for title in COLUMNS if title not in page] == []


def test_csv_is_what_a_french_spreadsheet_opens(statement) -> None:
    raw = statement_csv(statement)
    assert raw.startswith(b"\xef\xbb\xbfP\xc3\xa9riode;Rubrique;")
    assert raw.endswith(b"\r\n")
    first = next(row for row in rows_of(statement) if row["Rubrique"] == "Astreinte")
    assert first["Période"] == "du 01/05/2026 au 31/05/2026"  # no spreadsheet takes it for a date
    assert first["Montant en euros"] == "159,20"
    assert (first["Début"], first["Début UTC"]) == ("01/05/2026 19:00", "2026-05-01T17:00Z")


def test_columns_of_the_csv_add_up_to_the_statement(statement) -> None:
    rows = rows_of(statement)
    for heading, amount, minutes in (
        (
            "Astreinte",
            statement.duty_amount,
            sum(agent.duty_minutes for agent in statement.agents),
        ),
        (
            "Intervention",
            statement.intervention_amount,
            sum(agent.intervention_minutes for agent in statement.agents),
        ),
    ):
        mine = [row for row in rows if row["Rubrique"] == heading]
        assert sum(number(row["Montant en euros"]) for row in mine) == amount
        assert sum(int(row["Minutes"] or 0) for row in mine) == minutes
    assert sum(number(row["Montant en euros"]) for row in rows) == statement.amount
    assert sum(number(row["Part de la commune en euros"]) for row in rows) == statement.amount
    rest = sum(agent.rest_minutes for agent in statement.agents)
    assert sum(int(row["Repos en minutes"] or 0) for row in rows) == rest > 0


def test_every_figure_has_its_rule_its_source_and_how_far_it_was_checked(statement) -> None:
    figures = [row for row in rows_of(statement) if row["Montant en euros"]]
    assert len(figures) > 4
    assert all(row["Règle"] and row["Source"] and row["Fiabilité de la source"] for row in figures)


def test_what_must_be_read_comes_first(statement) -> None:
    rows = rows_of(statement)
    assert rows[0]["Rubrique"] == "À lire avant de signer"
    assert any("non vérifié" in row["Notes"] for row in rows[:10])
    assert any(row["Rubrique"] == "Repos non respecté" for row in rows)


def test_no_cell_of_the_csv_is_a_formula() -> None:
    rows = rows_of(signed_month(EVIL))
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert '\'=HYPERLINK("http://exemple.test")' in cells
    assert "'@2" in cells


@pytest.mark.parametrize("text", ["=1+1", " =1", "\t=1", "\r\n@x", "-1", "+33", "＝1", "\x00=1"])
def test_text_that_would_start_a_formula_is_text(text) -> None:
    assert csv_text(text).startswith("'")
    assert "\n" not in csv_text(text)


def test_text_says_what_to_read_before_the_figures(statement) -> None:
    text = statement_text(statement).decode()
    assert text.index("À LIRE AVANT DE SIGNER") < text.index("Ada Lefèvre (ada)")
    assert "205,75 × 50 % = 102,875, arrondi à 102,88" in text
    assert "à chiffrer par la paie" in text
    assert "\x07" not in statement_text(signed_month(EVIL)).decode()
