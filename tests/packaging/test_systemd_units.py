"""The systemd units are sound and confined; checked offline, no systemd runs in the tests."""

import re
import subprocess
from pathlib import Path

import pytest

from exporters.toolkit.connections import LIMIT

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
EXPOSURE = 20  # tenths: 2.0 of 10; Debian's own exporters are rated 9.2


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_each_process_has_its_unit():
    assert [unit.stem for unit in UNITS] == [
        "vigie-exporter",
        "vigie-sentinel",
        "vigie-status",
        "vigie-webhook",
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_is_well_formed(unit, tmp_path):
    copy = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8")
    copy.write_text(re.sub(r"(ExecStart(Pre)?)=\S+", r"\1=/bin/true", text), encoding="utf-8")
    checked = analyze("verify", "--man=no", copy)
    assert checked.returncode == 0
    assert checked.stderr == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_leaves_little_exposed(unit):
    rated = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    assert rated.returncode == 0, rated.stdout


def test_the_exporter_may_have_a_thread_for_each_connection_and_as_many_of_its_own():
    (unit,) = (unit for unit in UNITS if unit.stem == "vigie-exporter")
    (tasks,) = re.findall(r"^TasksMax=(\d+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    assert int(tasks) >= 2 * LIMIT
