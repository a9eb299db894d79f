"""The wheel of this checkout, and the tool that installs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """A wheel built from this checkout by the build back end itself."""
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True)
    return next(folder.glob("vigie-*.whl"))


@pytest.fixture(scope="session")
def uv() -> str:
    """The uv that tests/run brings, or the one of the machine."""
    brought = ROOT / "build" / "tools" / "bin" / "uv"
    program = str(brought) if brought.exists() else shutil.which("uv")
    assert program, "uv is brought by tests/run"
    return program
