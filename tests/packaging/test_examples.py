"""The example configuration is right as it stands, and each process takes it."""

import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from deploy.cli.__main__ import main

NAMES = ("inventory", "rosters", "exporter", "webhook", "sentinel", "status")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as /etc/vigie would be after docs/how-to/install.md."""
    examples = Path(str(files("deploy") / "examples"))
    for path in examples.glob("*.yml"):
        shutil.copy(path, tmp_path)
    shutil.copy(str(files("inventory") / "example.yml"), tmp_path / "inventory.yml")
    shutil.copy(str(files("alertmanager") / "rosters" / "example.yml"), tmp_path / "rosters.yml")
    named = re.findall(r"[\w-]+\.(?:token|password|key)\b", " ".join(
        path.read_text(encoding="utf-8") for path in examples.glob("*.yml")
    ))  # fmt: skip
    for name in set(named):
        secret = tmp_path / name
        secret.touch(mode=0o600)
        secret.write_text("0123456789abcdef0123456789abcdef\n")
    return tmp_path


def test_vigie_check_accepts_every_example(folder, capsys):
    assert main(["check", *(str(folder / f"{name}.yml") for name in NAMES)]) == 0
    assert capsys.readouterr().out.count("correct") == len(NAMES)


@pytest.mark.parametrize("process", ["exporter", "webhook", "sentinel", "status"])
def test_each_process_accepts_its_example_and_refuses_a_wrong_one_with_status_2(folder, process):
    program = Path(sys.executable).with_name(f"vigie-{process}")
    path = folder / f"{process}.yml"

    def check() -> subprocess.CompletedProcess[str]:
        command = [program, "--config", path, "--config.check"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    accepted = check()
    assert accepted.returncode == 0, accepted.stderr
    with path.open("a", encoding="utf-8") as file:
        file.write("lampe: allumée\n")
    refused = check()
    assert refused.returncode == 2
    last = len(path.read_text(encoding="utf-8").splitlines())
    assert f"{path}:{last}: lampe: clé inconnue" in refused.stderr
