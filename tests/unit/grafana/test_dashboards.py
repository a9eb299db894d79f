"""Every dashboard: its JSON is what the code says, and follows our conventions."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from itertools import combinations

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana.board import LINKS
from dashboards.grafana.boards import BOARDS, text
from dashboards.grafana.queries import (
    EVERYTHING,
    panel_queries,
    panels,
    substitute,
    variable_queries,
)
from dashboards.grafana.shipped import NAMES, shipped

SHIPPED = {name: shipped(name) for name in NAMES}
PANELS = [(name, panel) for name, board in SHIPPED.items() for panel in panels(board)]
QUERIES = [(name, query) for name, board in SHIPPED.items() for query in panel_queries(board)]
TARGETS = [(panel["title"], target) for _, panel in PANELS for target in panel["targets"]]


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture
def board(name):
    return SHIPPED[name]


def test_all_that_is_made_is_shipped_and_linked():
    assert set(BOARDS) == set(NAMES)
    assert {f"/d/{board['uid']}" for board in SHIPPED.values()} == set(LINKS.values())


def test_the_json_is_what_the_code_makes_byte_for_byte(name):
    shipped_text = files("dashboards.grafana").joinpath(f"{name}.json").read_text("utf-8")
    assert shipped_text == text(name), "python -m dashboards.grafana.boards"


def test_the_json_reads_back_into_the_models_of_the_sdk_and_loses_nothing(board):
    again = json.loads(
        json.dumps(Dashboard.from_json(json.loads(json.dumps(board))), cls=JSONEncoder)
    )
    for part in ("uid", "title", "templating", "schemaVersion", "refresh", "time", "tags"):
        assert again[part] == board[part], part
    assert board["schemaVersion"] == 42
    assert [p["title"] for p in again["panels"]] == [p["title"] for p in board["panels"]]
    assert [p.get("targets") for p in again["panels"]] == [
        p.get("targets") for p in board["panels"]
    ]


def test_every_alert_leads_to_a_dashboard_and_a_variable_that_exist():
    by_uid = {board["uid"]: board for board in SHIPPED.values()}
    for file in files("alertmanager").joinpath("rules").iterdir():
        if not file.name.endswith(".yml"):
            continue
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                if "alert" not in rule:
                    continue
                found = re.match(
                    r"/d/([\w-]+)(?:\?var-(\w+)=|$)", rule["annotations"]["dashboard_url"]
                )
                assert found, rule["alert"]
                names = {v["name"] for v in by_uid[found[1]]["templating"]["list"]}
                assert found[2] is None or found[2] in names


def test_each_dashboard_leads_to_the_others(board):
    links = {link["url"] for link in board["links"]}
    assert links == set(LINKS.values()) - {f"/d/{board['uid']}"}
    assert board["refresh"] == "1m"
    assert board["editable"] is False


def test_titles_are_unique_and_so_are_numbers(board):
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)
    numbers = [panel["id"] for panel in board["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    "panel", [p for _, p in PANELS], ids=[f"{n} {p['title']}" for n, p in PANELS]
)
def test_every_panel_has_a_description_a_unit_and_asks_the_chosen_source(panel):
    assert len(panel["description"]) > 40
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for part in (panel, *panel["targets"]):
        assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_no_two_panels_overlap_and_none_leaves_the_grid(board):
    def cells(panel):
        place = panel["gridPos"]
        return {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }

    for one, other in combinations(board["panels"], 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in board["panels"])


@pytest.mark.parametrize(
    "query", [q for _, q in QUERIES], ids=[f"{n} {q.panel} {q.ref}" for n, q in QUERIES]
)
def test_every_query_is_valid_promql(query):
    promql_parser.parse(query.expr)


@pytest.mark.parametrize(("title", "target"), TARGETS)
def test_counters_are_read_through_a_rate_and_the_window_follows_the_scrape(title, target):
    counters = re.findall(r"\w+_total\b", target["expr"])
    rates = re.findall(r"rate\((\w+_total)\{[^}]*\}\[\$__rate_interval\]\)", target["expr"])
    assert counters == rates, title


@pytest.mark.parametrize(("title", "target"), TARGETS)
def test_every_query_on_the_exporter_can_be_narrowed_to_a_host_or_a_member(title, target):
    whole_site = {"État par service", "Processus"}  # and the webhook, which has no host
    if title not in whole_site and "vigie_webhook" not in target["expr"]:
        assert re.search(r"\$(instance|member)\b", target["expr"])


def test_the_variables_are_asked_of_the_chosen_source_and_offer_everything(name, board):
    variables = {v["name"]: v for v in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    asked = {"instance", "member"} | ({"account"} if name == "mail_account" else set())
    assert {name for name, _ in variable_queries(board)} == asked
    for variable, expr in variable_queries(board):
        promql_parser.parse(expr)
        assert variables[variable]["includeAll"]
        assert variables[variable]["datasource"]["uid"] == "${datasource}"


def test_an_unknown_variable_is_an_error_and_never_sent_as_it_is():
    assert substitute('a{b=~"$member",c="${instance:regex}"}', EVERYTHING) == 'a{b=~".*",c=".*"}'
    with pytest.raises(KeyError):
        substitute("a{b=~'$nobody'}", EVERYTHING)


def test_the_dashboard_of_an_account_says_what_to_type_about_it():
    texts = [p for p in SHIPPED["mail_account"]["panels"] if p["type"] == "text"]
    content = texts[0]["options"]["content"]
    for command in ("who", "contain --apply", "contained", "contain --undo --apply"):
        assert f"sudo vigie mail {command} ${{account}}" in content


def test_tables_of_accounts_lead_to_the_dashboard_of_one():
    for name in ("overview", "mail"):
        tables = [p for p in panels(SHIPPED[name]) if p["title"] == "Comptes qui envoient le plus"]
        links = [
            link["url"]
            for override in tables[0]["fieldConfig"]["overrides"]
            for one in override["properties"]
            if one["id"] == "links"
            for link in one["value"]
        ]
        assert links == ["/d/vigie-mail-account?var-account=${__value.text}"]
