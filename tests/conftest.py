"""What every test may use: --long, the example inventory, a short folder all may traverse."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import effort
import pytest

import inventory as inventory_package
from deploy.estate.ports import Ports, free_base
from deploy.estate.postgres import PostgresServer
from inventory import Inventory, load_inventory


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run long series whole, not as a sample")


def pytest_configure(config: pytest.Config) -> None:
    """With --long, properties are tried on more examples, and each has more time."""
    effort.whole = bool(config.getoption("--long"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        for item in items:
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                item.add_marker(pytest.mark.timeout(3600))


def pytest_sessionstart() -> None:
    """`tests/run` tests the installed wheel: refuse to test the checkout by accident."""
    if os.environ.get("VIGIE_TEST_INSTALLED"):
        where = Path(inventory_package.__file__).parent
        if where.parent == Path(__file__).parent.parent:
            raise pytest.UsageError(f"the checkout was imported, not the installed wheel: {where}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that series recorded with ``record_property("series", text)``."""
    lines = [
        str(text)
        for report in terminalreporter.stats.get("passed", [])
        for name, text in getattr(report, "user_properties", [])
        if name == "series"
    ]
    if lines:
        terminalreporter.section("series")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether long series run whole (``./tests/run --long``)."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def example_inventory() -> Inventory:
    """The eight towns shipped with Vigie."""
    return load_inventory(Path(str(files("inventory") / "example.yml")))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder with a short path that Postfix's and Kannel's users may traverse."""
    folder = Path(tempfile.mkdtemp(prefix="vt-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def throwaway_postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL a worker, quick rather than durable: for whoever proves no crash."""
    folder = Path(tempfile.mkdtemp(prefix="vg-", dir="/tmp"))
    folder.chmod(0o755)
    server = PostgresServer(folder, Ports(free_base())["postgresql"], durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
