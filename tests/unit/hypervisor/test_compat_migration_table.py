"""The table for people who move is what the code serves, and names every family of the three."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporters.hypervisor.metrics import compat_table, facts, fleet, guests, jobs, lanes, storage
from exporters.hypervisor.metrics.compat_table import TRANSLATIONS

PAGE = Path(__file__).parents[3] / "docs/reference/collectors/hypervisor-migration.md"
ROW = re.compile(
    r"\| `(libvirt_\w+)` \| ([KTI ]+) \| (yes|no) \| (?:`(hypervisor_\w+)`|—) \| (.*) \|"
)


def table() -> dict[str, tuple[str, bool, str, str]]:
    found: dict[str, tuple[str, bool, str, str]] = {}
    lines = PAGE.read_text(encoding="utf-8").split("## Every family")[1].splitlines()
    for line in lines:
        if not line.startswith("| `libvirt_"):
            continue
        match = ROW.fullmatch(line)
        assert match is not None, line
        assert match[1] not in found, line
        found[match[1]] = (match[2], match[3] == "yes", match[4] or "", match[5])
    return found


def ours() -> set[str]:
    """Names of our families, as they stand in a query, from the tables that render them."""
    names = {f"{one.metric}{'_total' if one.kind == 'counter' else ''}" for one in guests.MEASURES}
    names |= {*guests.SAID, *fleet.FLEET, "hypervisor_info", "hypervisor_domain_job_active"}
    names |= {f"hypervisor_domain_job_{metric}" for _, metric, _, _ in jobs.FIELDS}
    names |= {f"hypervisor_pool_{name}" for name, _, _ in storage._VALUES}
    names |= {"hypervisor_pool_state", *(family[0] for family in lanes._FAMILIES)}
    for name in facts.FAMILIES:
        names |= {name, f"hypervisor_domain_{name}"}
    return names


def test_the_page_says_of_every_family_whether_it_is_served() -> None:
    assert {name for name, row in table().items() if row[1]} == compat_table.families()


@pytest.mark.parametrize(("letter", "families"), [("K", 23), ("T", 65), ("I", 67)])
def test_every_family_of_each_exporter_has_a_row(letter: str, families: int) -> None:
    assert sum(letter in row[0].split() for row in table().values()) == families


def test_each_of_ours_that_the_page_names_exists() -> None:
    unknown = {row[2] for row in table().values()} - ours() - {""}
    assert unknown == set()


def test_what_lanes_render_is_translated_from_families_that_exist() -> None:
    assert {one.ours for one in TRANSLATIONS} <= ours()


def test_a_family_that_is_not_served_has_a_reason() -> None:
    assert [name for name, row in table().items() if not row[1] and not row[3]] == []


def test_all_rows_of_the_code_have_families_of_their_own() -> None:
    rows = (
        *compat_table.GUEST,
        *compat_table.VCPU,
        *compat_table.BLOCK,
        *compat_table.INTERFACE,
        *compat_table.DESCRIBED,
    )
    families = [row.family for row in rows] + [one.theirs for one in TRANSLATIONS]
    assert len(families) == len(set(families))
