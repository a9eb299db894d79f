"""Tables of rates: dated data, checked as it is read, honest about what was checked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from duty_month import shift, single, work

from alertmanager.statement import NoRates, load_rates
from alertmanager.statement.rates import read_table
from inventory.config import ConfigurationError

DATA = Path(str(files("alertmanager.statement") / "data"))
LATER = (DATA / "technique-exploitation.yml").read_text(encoding="utf-8")


def fault_of(tmp_path, text):
    path = tmp_path / "table.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_table(path)
    return [f"{f.line} {f.path}: {f.problem} ; {f.expected}" for f in raised.value.faults]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.yml")), ids=lambda path: path.stem)
def test_every_table_shipped_has_a_source_and_a_date(path):
    table = read_table(path)
    assert table.source
    assert table.valid_from < table.checked_until <= date(2026, 11, 23)


def test_the_table_in_force_on_the_day_wins(tmp_path):
    later = tmp_path / "later.yml"
    text = LATER.replace("2015-04-17", "2027-01-01").replace("2026-01-14", "2027-01-01")
    later.write_text(text.replace('"159.20"', '"170.00"'), encoding="utf-8")
    rates = load_rates([later])

    def week(day):
        return rates.duty("technical", "exploitation", day).packages["week"].pay

    assert week(date(2026, 12, 31)) == Decimal("159.20")
    assert week(date(2027, 1, 1)) == Decimal("170.00")
    with pytest.raises(NoRates, match="en vigueur le 16/04/2015"):
        week(date(2015, 4, 16))


def test_a_table_past_its_date_warns(make):
    def warned(month):
        night = [shift("ada", f"{month}-05 19:00", f"{month}-06 07:00")]
        remarks = make(night, month=month, rules=single()).remarks
        return any("relu pour la dernière fois le 14/01/2026" in r.text for r in remarks)

    assert warned("2025-11") is False
    assert warned("2026-01") is True


def test_what_was_not_verified_is_said_in_the_statement(make):
    night = [shift("ada", "2025-11-05 19:00", "2025-11-06 07:00")]
    statement = make(night, month="2025-11", rules=single("securite"))
    texts = [remark.text for remark in statement.remarks]
    assert "barème « Astreinte de sécurité, filière technique » : non vérifié" in texts
    assert any("communication de crise" in text for text in texts)
    (table,) = statement.tables
    assert (table.id, table.trust) == ("technique-securite-2015", "unverified")


def test_only_tables_that_priced_something_are_listed(make):
    call = work("ada", "2026-06-09 23:00", "2026-06-10 00:00")
    statement = make((), [call], month="2026-06", rules=single())
    assert [table.id for table in statement.tables] == ["interventions-technique-2015"]


@pytest.mark.parametrize(
    ("was", "is_now", "expected"),
    [
        (
            '"159.20"',
            "159.20",
            (
                "14 packages.week.pay: « 159.2 » n'est pas un montant ; entre guillemets,"
                ' ex. "159.20"'
            ),
        ),
        (
            '  night: {pay: "10.75"}\n',
            "",
            '13 packages: « night » n\'a pas de montant ; night: {pay: "..."}',
        ),
        (
            "checked_until: 2026-01-14",
            "checked_until: 2014-01-14",
            (
                "8 checked_until: vérifié jusqu'au 2014-01-14, avant l'entrée en vigueur"
                " (2015-04-17) ; la date à laquelle le texte a été relu"
            ),
        ),
    ],
)
def test_a_faulty_table_is_told_with_its_line(tmp_path, was, is_now, expected):
    assert was in LATER
    assert fault_of(tmp_path, LATER.replace(was, is_now, 1)) == [expected]


def test_a_table_of_interventions_prices_every_kind_of_hour(tmp_path):
    text = (DATA / "interventions-technique.yml").read_text(encoding="utf-8")
    (fault,) = fault_of(tmp_path, text.replace(', holiday: "22.00"', ""))
    assert "hourly_pay: il manque holiday" in fault
