"""The operators' overview: its JSON is what the code says, and follows our conventions."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from itertools import combinations
from pathlib import Path

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import limits
from dashboards.grafana.overview import text
from dashboards.grafana.queries import (
    EVERYTHING,
    panel_queries,
    panels,
    substitute,
    variable_queries,
)
from dashboards.grafana.shipped import overview

BOARD = overview()
PANELS = list(panels(BOARD))
QUERIES = list(panel_queries(BOARD))
TITLES = [panel["title"] for panel in PANELS]


def test_the_json_is_what_the_code_makes_byte_for_byte():
    shipped = files("dashboards.grafana").joinpath("overview.json").read_text("utf-8")
    assert shipped == text(), "python -m dashboards.grafana.overview"


def test_the_json_reads_back_into_the_models_of_the_sdk_and_loses_nothing():
    again = json.loads(
        json.dumps(Dashboard.from_json(json.loads(json.dumps(BOARD))), cls=JSONEncoder)
    )
    for part in ("uid", "title", "templating", "schemaVersion", "refresh", "time", "tags"):
        assert again[part] == BOARD[part], part
    assert BOARD["schemaVersion"] == 42
    assert [p["title"] for p in again["panels"]] == [p["title"] for p in BOARD["panels"]]
    assert [p.get("targets") for p in again["panels"]] == [
        p.get("targets") for p in BOARD["panels"]
    ]


def test_the_rows_go_from_the_general_to_the_particular():
    rows = [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"]
    assert rows[0] == "Qu’est-ce qui ne va pas ?"
    assert rows[-1] == "Vigie elle-même"
    assert {"Messagerie", "Hyperviseur", "Sauvegardes", "Hôtes"} < set(rows)


def test_the_dashboard_has_the_address_that_the_alerts_give():
    folder = files("alertmanager").joinpath("rules")
    rules = [
        yaml.safe_load(f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith("yml")
    ]
    urls = {
        rule["annotations"]["dashboard_url"]
        for file in rules
        for group in file["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert urls == {f"/d/{BOARD['uid']}"}
    assert BOARD["refresh"] == "1m"
    assert BOARD["editable"] is False


def test_titles_are_unique_and_so_are_numbers():
    assert len(set(TITLES)) == len(TITLES)
    numbers = [panel["id"] for panel in BOARD["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_every_panel_has_a_description_a_unit_and_asks_the_chosen_source(panel):
    assert len(panel["description"]) > 40
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for part in (panel, *panel["targets"]):
        assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_no_two_panels_overlap_and_none_leaves_the_grid():
    def cells(panel):
        place = panel["gridPos"]
        return {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }

    for one, other in combinations(BOARD["panels"], 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in BOARD["panels"])


@pytest.mark.parametrize("query", QUERIES, ids=[f"{q.panel} {q.ref}" for q in QUERIES])
def test_every_query_is_valid_promql(query):
    promql_parser.parse(query.expr)


def test_counters_are_read_through_a_rate_and_the_window_follows_the_scrape():
    for panel in PANELS:
        for target in panel["targets"]:
            counters = re.findall(r"\w+_total\b", target["expr"])
            rates = re.findall(r"rate\((\w+_total)\{[^}]*\}\[\$__rate_interval\]\)", target["expr"])
            assert counters == rates, panel["title"]


def test_every_query_on_the_exporter_can_be_narrowed_to_a_host_or_a_member():
    whole_site = {"État par service", "Processus"}  # and the webhook, which has no host
    for panel in PANELS:
        for target in panel["targets"]:
            if panel["title"] not in whole_site and "vigie_webhook" not in target["expr"]:
                assert re.search(r"\$(instance|member)\b", target["expr"]), panel["title"]


def test_the_variables_are_asked_of_the_chosen_source_and_offer_everything():
    variables = {v["name"]: v for v in BOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert {name for name, _ in variable_queries(BOARD)} == {"instance", "member"}
    for name, expr in variable_queries(BOARD):
        promql_parser.parse(expr)
        assert variables[name]["includeAll"]
        assert variables[name]["datasource"]["uid"] == "${datasource}"


def test_an_unknown_variable_is_an_error_and_never_sent_as_it_is():
    assert substitute('a{b=~"$member",c="${instance:regex}"}', EVERYTHING) == 'a{b=~".*",c=".*"}'
    with pytest.raises(KeyError):
        substitute("a{b=~'$nobody'}", EVERYTHING)


def test_the_thresholds_are_those_of_the_alert_rules():
    folder = files("alertmanager").joinpath("rules")
    mail = " ".join(folder.joinpath("mail.yml").read_text("utf-8").split())

    def lines(metric):
        compared = rf'mailqueue_account_recent_{metric}{{window="2m"}} >= (\d+)'
        return {int(number) for number in re.findall(compared, mail)}

    assert lines("recipients") == {limits.FEW_RECIPIENTS, limits.MANY_RECIPIENTS}
    assert lines("client_addresses") == {limits.CLIENT_ADDRESSES}
    assert f"{limits.ACTIVE_QUEUE_RATIO} * mailqueue_active_limit_messages" in mail
    assert f'oldest_age_seconds{{queue="incoming"}} > {limits.INCOMING_AGE_SECONDS}' in mail
    backup = " ".join(folder.joinpath("backup.yml").read_text("utf-8").split())
    assert limits.BACKUP_AGE_RATIO == 1
    assert "time() - backup_job_last_success_timestamp_seconds > on" in backup


def test_the_provisioning_files_are_yaml_that_finds_the_dashboard():
    folder = Path(str(files("dashboards.grafana").joinpath("provisioning")))
    providers = yaml.safe_load((folder / "dashboards.yml").read_text("utf-8"))["providers"]
    assert providers[0]["type"] == "file"
    sources = yaml.safe_load((folder / "datasources.yml").read_text("utf-8"))["datasources"]
    assert sources[0]["type"] == "prometheus"
