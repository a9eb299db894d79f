"""The distribution as a site installs it: what is in the wheel, what each extra brings."""

import os
import re
import subprocess
import tomllib
import zipfile
from importlib.metadata import entry_points, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_wheel_carries_the_configuration_it_serves_and_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "inventory/example.yml",
        "alertmanager/alertmanager.yml",
        "alertmanager/prometheus.yml",
        "alertmanager/rosters/example.yml",
        "alertmanager/rules/mail_account.yml",
        "dashboards/grafana/mail.json",
        "dashboards/grafana/mail_account.json",
        "dashboards/grafana/overview.json",
    }
    assert wanted <= names
    assert any(name.startswith("alertmanager/store/migrations/") for name in names)
    assert any(name.startswith("dashboards/status/templates/") for name in names)
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"inventory", "exporters", "alertmanager", "dashboards", "deploy"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_lock_pins_by_hash_and_names_no_host(lock):
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    pinned = [line for line in text.splitlines() if re.match(r"^[A-Za-z0-9]", line)]
    assert pinned
    assert all("==" in line and line.endswith("\\") for line in pinned)


def _locked(name: str) -> set[str]:
    text = (ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8")
    return {
        line.split("==")[0].lower() for line in text.splitlines() if re.match(r"^[A-Za-z]", line)
    }


@pytest.mark.parametrize("extra", ["hypervisor", "mailqueue", "backup"])
def test_an_exporter_host_gets_no_web_stack_and_no_database_driver(extra):
    assert not _locked(extra) & {"fastapi", "starlette", "uvicorn", "sqlalchemy", "jinja2"}


@pytest.mark.parametrize("extra", ["webhook", "status"])
def test_a_webhook_host_gets_no_libvirt(extra):
    assert "libvirt-python" not in _locked(extra)


@pytest.mark.parametrize("extra", [*PYPROJECT["project"]["optional-dependencies"]])
def test_every_extra_has_a_lock_that_holds_all_it_asks_for(extra):
    project = PYPROJECT["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"][extra]]
    names = {re.split(r"[<>=\[; ]", line)[0].lower() for line in asked} - {"vigie"}
    assert {name.replace("_", "-") for name in names} <= _locked(extra)


def test_the_metadata_offers_the_extras_others_rely_on():
    text = " ".join(requires("vigie") or [])
    for extra in ("hypervisor", "webhook", "status", "all"):
        assert f'extra == "{extra}"' in text.replace("'", '"')


@pytest.mark.parametrize(
    ("group", "folder"), [("vigie.collectors", "collectors"), ("vigie.notifiers", "notifiers")]
)
def test_every_plugin_loads_and_has_its_page(group, folder):
    ours = [point for point in entry_points(group=group) if point.dist.name == "vigie"]
    assert ours
    for point in ours:
        assert point.load().name == point.name
        page = ROOT / "docs" / "reference" / folder / f"{point.name}.md"
        assert page.exists(), f"missing {page}"


@pytest.mark.timeout(180)
def test_a_backup_host_runs_the_exporter_and_is_told_what_the_webhook_lacks(wheel, uv, tmp_path):
    venv = tmp_path / "venv"
    lock = ROOT / "locks" / "backup.txt"
    for command in (
        ["venv", "-q", "-p", "/usr/bin/python3", venv],
        ["pip", "install", "-q", "-p", venv, "--require-hashes", "-r", lock],
        ["pip", "install", "-q", "-p", venv, "--no-deps", wheel],
    ):
        subprocess.run([uv, *map(str, command)], check=True, env={**os.environ})
    exporter = subprocess.run(
        [venv / "bin" / "vigie-exporter", "--version"], capture_output=True, text=True, check=False
    )
    assert exporter.returncode == 0, exporter.stderr
    for process, extra in (
        ("vigie-webhook", "webhook"),
        ("vigie-sentinel", "webhook"),
        ("vigie-status", "status"),
    ):
        refused = subprocess.run(
            [venv / "bin" / process, "--version"], capture_output=True, text=True, check=False
        )
        assert refused.returncode == 1
        assert f"vigie[{extra}]" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_no_python_file_is_over_400_lines():
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split():
        lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
        assert lines <= (500 if name.startswith("tests/") else 400), f"{name}: {lines} lines"
