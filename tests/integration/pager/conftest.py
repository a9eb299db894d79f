"""Real servers of the pager's tests: Kannel with its handset network, and what listens to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.estate.ports import Ports, free_base


@pytest.fixture
def ports() -> Ports:
    return Ports(free_base())


@pytest.fixture
def estate_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="vp", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
