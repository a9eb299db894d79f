"""What docs/ says of the exporter is true."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest
from pydantic import BaseModel

from exporters.toolkit.collector import CollectorError, NoData
from exporters.toolkit.discovery import Catalogue
from exporters.toolkit.flags import parse_flags
from exporters.toolkit.testing import scraped
from exporters.toolkit.webconfig import Headers, HttpSettings, TlsSettings, WebConfig

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "exporter.md").read_text()
TEMPLATE = DOCS / "how-to" / "collector-template"


def test_every_flag_is_in_the_reference(capsys):
    with pytest.raises(SystemExit):
        parse_flags(["--help"], Catalogue({}))
    flags = set(re.findall(r"--[a-z][A-Za-z.-]+", capsys.readouterr().out))
    assert len(flags) > 12
    for flag in flags:
        assert flag.replace("NOM", "NAME") in REFERENCE


@pytest.mark.parametrize("model", [WebConfig, TlsSettings, HttpSettings])
def test_every_key_of_the_web_file_is_in_the_reference(model: type[BaseModel]):
    for key in model.model_fields:
        assert f"{key}:" in REFERENCE
    for field in Headers.model_fields.values():
        assert f"{field.alias}:" in REFERENCE


@pytest.fixture
def template(monkeypatch):
    monkeypatch.syspath_prepend(str(TEMPLATE))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    yield import_module("vigie_mysource").PLUGIN
    del sys.modules["vigie_mysource"]


def test_the_template_gives_its_golden_page(template):
    golden = TEMPLATE / "tests" / "golden"
    page = scraped(template, {"file": golden / "readings"})
    assert page == (golden / "metrics.txt").read_text()


def test_the_template_fails_and_is_silent_as_the_guide_says(template, tmp_path):
    file = tmp_path / "readings"
    with pytest.raises(NoData):
        scraped(template, {"file": file})
    file.write_text("rack-a warm\n")
    with pytest.raises(CollectorError, match="line 1"):
        scraped(template, {"file": file})
    file.write_bytes(b"\xff 1\n")
    with pytest.raises(CollectorError, match="readings"):
        scraped(template, {"file": file})
