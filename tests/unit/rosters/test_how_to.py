"""docs/how-to/write-rosters.md, done as it is written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from deploy.cli.__main__ import main

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "write-rosters.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rosters.yml"
    path.write_text("\n".join(_blocks("yaml")), encoding="utf-8")
    return path


@pytest.mark.usefixtures("file")
def test_every_command_of_the_page_does_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    for line in filter(None, "\n".join(_blocks("sh")).splitlines()):
        assert main(shlex.split(line)[1:]) == 0, line
        said.append(capsys.readouterr().out)
    check, shifts, now, gaps = said
    assert "rosters.yml : correct (rosters)" in check
    assert shifts.count("(jour)") == 8
    assert "→ astreinte des jours fériés (feries) : répond" in now
    assert "mais « astreinte des jours fériés » passe avant : astreinte de la semaine 18" in now
    assert "aucun trou" in gaps


def test_the_fault_it_invites_to_is_told_with_its_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = file.read_text(encoding="utf-8").replace("day: friday", "day: vendredi")
    file.write_text(text, encoding="utf-8")
    line = 1 + text[: text.index("vendredi")].count("\n")
    assert main(["check", str(file)]) == 2
    out = "".join(capsys.readouterr())
    assert f"rosters.yml:{line}: rosters[0].layers[2].rotation.handover.day: « vendredi »" in out
