"""The shipped rules, wherever the package is installed, and the tools that judge them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import alertmanager

PACKAGE = Path(alertmanager.__file__).parent
REPOSITORY = Path(__file__).parents[2]
CASES = sorted(Path(__file__).parent.glob("*.test.yml"))


@dataclass(frozen=True)
class Alert:
    """One alerting rule."""

    name: str
    file: Path
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]
    lasting: str  # how long its condition must have lasted


_RULES = [
    (file, rule)
    for file in sorted((PACKAGE / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [
    Alert(
        rule["alert"],
        file,
        rule["expr"],
        rule["labels"],
        rule["annotations"],
        rule.get("for", "0s"),
    )
    for file, rule in _RULES
    if "alert" in rule
]
GROUPS = sorted(
    {
        group["name"]
        for file in (PACKAGE / "rules").glob("*.yml")
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
    },
    key=lambda name: (not name.endswith("-records"), name != "hypervisor-capacity", name),
)
RECORDS: dict[str, str] = {rule["record"]: rule["expr"] for _, rule in _RULES if "record" in rule}
"""Expression of each recording rule, by name."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "alert" in metafunc.fixturenames:
        metafunc.parametrize("alert", ALERTS, ids=[alert.name for alert in ALERTS])
    if "record" in metafunc.fixturenames:
        metafunc.parametrize("record", sorted(RECORDS))
    if "case_file" in metafunc.fixturenames:
        metafunc.parametrize("case_file", CASES, ids=[case.name for case in CASES])


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="session")
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    return _run


@pytest.fixture(scope="session")
def package() -> Path:
    return PACKAGE


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def alerts() -> list[Alert]:
    return ALERTS


@pytest.fixture(scope="session")
def records() -> dict[str, str]:
    return RECORDS


@pytest.fixture(scope="session")
def cases() -> list[dict[str, Any]]:
    """Every test of every *.test.yml."""
    return [test for path in CASES for test in yaml.safe_load(path.read_text("utf-8"))["tests"]]


@pytest.fixture(scope="session")
def promtool_test(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[list[dict[str, Any]], str], subprocess.CompletedProcess[str]]:
    """`promtool test rules` over these tests, with the installed rules."""

    def test(tests: list[dict[str, Any]], interval: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path_factory.mktemp("promtool") / "case.test.yml"
        case = {
            "rule_files": [str(file) for file in sorted((PACKAGE / "rules").glob("*.yml"))],
            "evaluation_interval": interval,
            # Else promtool takes them in any order: a computed value is late at times.
            "group_eval_order": GROUPS,
            "tests": tests,
        }
        path.write_text(yaml.safe_dump(case, allow_unicode=True), "utf-8")
        return _run("promtool", "test", "rules", path)

    return test
