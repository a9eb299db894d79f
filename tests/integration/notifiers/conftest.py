"""The mail servers of these tests, started for people a test names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mail_site import Site


@pytest.fixture
def site(open_folder: Path) -> Iterator[Callable[..., Site]]:
    """Starts the servers, with mailboxes for these people."""
    started: list[Site] = []

    def start(*people: str) -> Site:
        site = Site(open_folder, people)
        started.append(site)
        site.start()
        return site

    yield start
    for one in started:
        one.stop()
