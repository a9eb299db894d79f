"""What docs/ says of the exporter is true."""

import re
from pathlib import Path

import pytest
from prometheus_client.exposition import generate_latest
from pydantic import BaseModel

from exporters.toolkit.collector import Context, Deadline
from exporters.toolkit.discovery import Catalogue
from exporters.toolkit.flags import parse_flags
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.telemetry import Telemetry
from exporters.toolkit.webconfig import Headers, HttpSettings, TlsSettings, WebConfig
from inventory.process import system_clock

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "exporter.md").read_text()
HOW_TO = (DOCS / "how-to" / "write-a-collector.md").read_text()


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


def test_the_collector_of_the_how_to_works(tmp_path, example_inventory):
    source = re.search(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
    assert source is not None
    names: dict = {}
    exec(compile(source[1], "write-a-collector.md", "exec"), names)
    plugin = names["PLUGIN"]
    level = tmp_path / "level"
    context = Context(example_inventory, system_clock)
    runner = Runner(plugin.name, lambda: plugin.build(plugin.settings(file=level), context))
    scraper = Scraper([runner], {}, Telemetry(process=False).collect)

    def page() -> str:
        return scraper.page(Deadline.after(5), scraper.names, generate_latest).decode()

    success = 'vigie_scrape_collector_success{collector="generator"}'
    assert f"{success} 1.0" in page()
    level.write_text("80")
    assert "generator_fuel_ratio 0.8" in page()
    level.unlink()
    level.mkdir()
    assert f"{success} 0.0" in page()
