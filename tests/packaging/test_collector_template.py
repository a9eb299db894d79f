"""The guide to a collector, followed step by step: a wheel of its own beside Vigie's."""

import http.client
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "how-to" / "write-a-collector.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
pytestmark = pytest.mark.timeout(240)


def step(words: str) -> str:
    """The commands of the guide that hold these words."""
    (found,) = [block for block in BLOCKS if words in block]
    return found


def bash(commands: str, folder: Path, **environment: str) -> str:
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, check=False, timeout=120,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def project(wheel, uv, tmp_path_factory) -> Path:
    """The template, copied and renamed as the guide says, installed beside Vigie's wheel."""
    folder = tmp_path_factory.mktemp("guide")
    bash(step("cp -r"), folder, SOURCES=str(ROOT))
    renamed = folder / "vigie-ups"
    built = folder / "dist"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built],
        cwd=renamed, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (ups,) = built.glob("vigie_ups-*.whl")
    venv = renamed / ".venv"
    for command in (
        ["venv", "-q", "-p", "/usr/bin/python3", venv],
        ["pip", "install", "-q", "-p", venv, "--require-hashes", "-r", ROOT / "locks/backup.txt"],
        ["pip", "install", "-q", "-p", venv, "--no-deps", wheel, ups],
    ):
        subprocess.run([uv, *map(str, command)], check=True, timeout=120)
    return renamed


def contents(path: Path) -> str:
    return path.read_text(errors="replace").lower() if path.is_file() else ""


def test_the_name_of_the_template_is_gone(project):
    ours = [path for path in project.rglob("*") if ".venv" not in path.parts]
    assert project / "vigie_ups.py" in ours
    assert [path for path in ours if "mysource" in path.name + contents(path)] == []


def test_it_is_listed_but_off_until_it_is_named(project):
    assert "ups" in bash(".venv/bin/vigie-exporter --help", project)
    (project / "bare.yml").write_text("inventory: inventory.yml\n")
    bash(step("example.yml"), project)
    said = bash(".venv/bin/vigie-exporter --config bare.yml --config.check", project)
    assert "ups" not in said.partition("Collecteurs")[2]


def test_the_golden_page_is_the_one_it_gives_and_promtool_has_nothing_to_say(project):
    # The guide's own commands, but for pytest, which this environment of hashes does not have.
    golden = step("promtool check").replace(".venv/bin/pytest\n", "")
    before = (project / "tests" / "golden" / "metrics.txt").read_text()
    stub = "raises=None\nclass mark:\n    parametrize=staticmethod(lambda *a: lambda f: f)\n"
    (project / "pytest.py").write_text(stub)
    said = bash(golden, project, PYTHONPATH=str(project))
    assert (project / "tests" / "golden" / "metrics.txt").read_text() == before
    assert said == before


def test_the_process_of_the_guide_serves_it(project):
    checked = bash(step("example.yml"), project)
    assert re.search(r"Collecteurs : .*\bups\b", checked)
    command = step("--config exporter.yml\n").split()
    log = project / "log"
    port = "127.0.0.1:0"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--web.listen-address", port, "--collector.disable-defaults"],
            cwd=project, stderr=output, stdout=output,
        )  # fmt: skip
    try:
        end = time.monotonic() + 20
        while not (found := re.search(r"addresses=127\.0\.0\.1:(\d+)", log.read_text())):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        page = get(int(found[1]), "/metrics?collect[]=ups")
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert 'ups_temperature_celsius{sensor="rack-a"} 21.5' in page
    assert 'vigie_scrape_collector_success{collector="ups"} 1.0' in page
    linted = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
