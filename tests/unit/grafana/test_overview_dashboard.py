"""The operators' overview, and how Grafana finds it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml

from dashboards.grafana.shipped import overview


def test_the_rows_go_from_the_general_to_the_particular():
    rows = [panel["title"] for panel in overview()["panels"] if panel["type"] == "row"]
    assert rows[0] == "Qu’est-ce qui ne va pas ?"
    assert rows[-1] == "Vigie elle-même"
    assert {"Messagerie", "Hyperviseur", "Sauvegardes", "Hôtes"} < set(rows)


def test_the_provisioning_files_are_yaml_that_finds_the_dashboard():
    folder = Path(str(files("dashboards.grafana").joinpath("provisioning")))
    providers = yaml.safe_load((folder / "dashboards.yml").read_text("utf-8"))["providers"]
    assert providers[0]["type"] == "file"
    sources = yaml.safe_load((folder / "datasources.yml").read_text("utf-8"))["datasources"]
    assert sources[0]["type"] == "prometheus"
