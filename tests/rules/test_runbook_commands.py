"""What runbooks and dashboards tell a person to type at 3 a.m. is what `vigie mail` accepts."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from dashboards.grafana.shipped import shipped
from deploy.cli import mail
from inventory.process.french_parser import CommandParser

RUNBOOKS = Path(__file__).parents[2] / "docs/runbooks"
COMMAND = re.compile(r"^(?: *)(?:sudo )?vigie mail (.*)$", re.MULTILINE)


def _told() -> dict[str, str]:
    """Each command, and where it is told."""
    texts = {page.name: page.read_text("utf-8") for page in RUNBOOKS.glob("Mail*.md")}
    for panel in shipped("mail_account")["panels"]:
        if panel["type"] == "text":
            texts["mail_account.json"] = panel["options"]["content"]
    found = {}
    for place, text in texts.items():
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            for line in COMMAND.findall(block):
                words = line.split("|")[0]
                found[" ".join(shlex.split(words, comments=True))] = place
    return found


TOLD = _told()


def test_the_commands_of_the_night_are_told() -> None:
    account = "$COMPTE"
    assert {f"who {account}", f"contain --apply {account}", f"contained {account}"} <= set(TOLD)


@pytest.mark.parametrize("words", sorted(TOLD))
def test_every_command_that_is_told_is_one_that_exists(words) -> None:
    parser = CommandParser("vigie mail", "")
    mail.configure(parser)
    parser.parse_args(shlex.split(words))  # exits, and so fails, on a word it does not know


def test_a_command_that_does_not_exist_would_be_seen() -> None:
    parser = CommandParser("vigie mail", "")
    mail.configure(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["contain", "--now", "a@brecourt.test"])
