"""What docs/ says of the notifiers is true, and nothing is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from alertmanager.notifiers.discovery import installed, load_plugin

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = Path(__file__).parents[3] / "deploy" / "examples" / "webhook.yml"


def page(name: str) -> str:
    return (DOCS / "reference" / "notifiers" / f"{name}.md").read_text(encoding="utf-8")


def test_every_page_is_of_a_notifier() -> None:
    pages = {path.stem for path in (DOCS / "reference" / "notifiers").glob("*.md")}
    assert pages == set(installed())


@pytest.mark.parametrize("name", installed())
def test_every_key_is_on_its_page(name: str) -> None:
    text = page(name)
    for key in load_plugin(name).settings.model_fields:
        assert f"`{key}`" in text, key
    assert f"(notifiers/{name}.md)" in (DOCS / "reference" / "webhook.md").read_text()


@pytest.mark.parametrize("name", ["email", "webhook"])
def test_the_example_of_its_page_is_valid(name: str, tmp_path: Path) -> None:
    example = yaml.safe_load(page(name).split("```yaml\n")[1].split("```")[0])
    check(name, example["notifiers"][name], tmp_path)


def test_what_the_example_file_holds_in_comments_is_valid(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    data = yaml.safe_load(re.sub(r"(?m)^  # ( *[a-z_]+:.*)$", r"  \1", text))
    assert set(data["notifiers"]) == set(installed())
    for name in ("email", "webhook"):
        check(name, data["notifiers"][name], tmp_path)


def check(name: str, block: dict[str, object], folder: Path) -> None:
    secret = "whsec_" + "a" * 43 + "=" if name == "webhook" else "x"
    for file in ("smtp.password", "imap.password", "webhook.secret"):
        (folder / file).touch(mode=0o600)
        (folder / file).write_text(secret)
    load_plugin(name).settings.model_validate(block, context={"base": folder})
