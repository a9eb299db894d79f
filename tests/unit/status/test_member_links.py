"""The private link of a member, and the command that prints it."""

from __future__ import annotations

import argparse
import json
import re
from importlib.resources import files

import pytest

from dashboards.status.links import member_of_token, member_token, member_tokens
from deploy.cli import status

KEY = b"k" * 44


def test_a_token_is_43_characters_that_need_no_quoting_in_a_path():
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", member_token(KEY, "valmont"))


def test_tokens_change_with_the_member_the_version_and_the_key():
    tokens = {
        member_token(KEY, "valmont"),
        member_token(KEY, "brecourt"),
        member_token(KEY, "valmont", 2),
        member_token(KEY + b"k", "valmont"),
        member_token(KEY, "valmont1", 1),
        member_token(KEY, "valmont", 11),
    }
    assert len(tokens) == 6


def test_a_token_of_an_old_version_opens_nothing(towns):
    tokens = member_tokens(KEY, towns.members, {"valmont": 2})
    assert member_of_token(tokens, member_token(KEY, "valmont", 2)) == "valmont"
    assert member_of_token(tokens, member_token(KEY, "valmont", 1)) is None


@pytest.mark.parametrize("presented", ["", "valmont", "é", "\ud800", "A" * 43, "A" * 100000])
def test_anything_else_opens_nothing(towns, presented):
    assert member_of_token(member_tokens(KEY, towns.members, {}), presented) is None


def test_the_command_prints_the_link_of_each_member(tmp_path, capsys, towns):
    example = files("inventory").joinpath("example.yml").read_text("utf-8")
    (tmp_path / "inventory.yml").write_text(example, "utf-8")
    for name in ("key", "token"):
        (tmp_path / name).write_text("k" * 44)
        (tmp_path / name).chmod(0o600)
    config = tmp_path / "status.yml"
    config.write_text(
        "{inventory: inventory.yml, webhook: {url: 'http://h', token_file: token},"
        " prometheus: {url: 'http://h'}, member_link_key_file: key}"
    )
    parser = argparse.ArgumentParser()
    status.configure(parser)
    base = ["links", "--config", str(config), "--base-url", "https://etat.test"]
    assert status.run(parser.parse_args(base)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(towns.members)
    link = f"https://etat.test/m/{member_token(KEY, 'valmont')}/"
    assert lines[0].split() == ["Valmont-sur-Lys", link]
    assert status.run(parser.parse_args([*base, "--format", "json"])) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["valmont"] == {"name": "Valmont-sur-Lys", "url": link}
