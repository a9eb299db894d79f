"""The rules: what promtool says of them, and what the contract and the people on duty need."""

from __future__ import annotations

import re

import pytest
import yaml

ANNOTATIONS = {"summary", "action", "description", "runbook_url", "dashboard_url"}
METRIC = re.compile(r"\b(?:hypervisor|mailqueue|backup|vigie)_[a-z_]+\b(?!\")")
ENGLISH = re.compile(
    r"\b(the|is|are|not|has|have|down|failed|please|check|for|with)\b", re.IGNORECASE
)
FRENCH = re.compile(r"\b(le|la|les|des|de|du|un|une|n'est|ne|sur|sans)\b", re.IGNORECASE)


def test_promtool_finds_nothing_to_say_about_the_rules(run, package) -> None:
    files = sorted((package / "rules").glob("*.yml"))
    done = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == len(files)


def test_promtool_accepts_the_scrape_configuration(run, package) -> None:
    done = run("promtool", "check", "config", package / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(list((package / 'rules').glob('*.yml')))} rule files found" in done.stdout


def test_each_case_file_passes_with_the_installed_rules(case_file, promtool_test) -> None:
    content = yaml.safe_load(case_file.read_text("utf-8"))
    done = promtool_test(content["tests"], content["evaluation_interval"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_makes_promtool_fail(promtool_test) -> None:
    silent = {"eval_time": "1m", "alertname": "Watchdog", "exp_alerts": []}
    done = promtool_test(
        [{"interval": "15s", "input_series": [], "alert_rule_test": [silent]}], "15s"
    )
    assert done.returncode == 1


def test_each_alert_is_seen_to_fire_and_to_stay_silent(alert, cases) -> None:
    checks = [
        check
        for case in cases
        for check in case["alert_rule_test"]
        if check["alertname"] == alert.name
    ]
    assert any(check.get("exp_alerts") for check in checks), "no case in which it fires"
    if alert.name != "Watchdog":
        assert any(not check.get("exp_alerts") for check in checks), "no case just under its line"


def test_each_alert_is_tried_without_data(alert, cases) -> None:
    tried = {
        check["alertname"]
        for case in cases
        if "without data" in case["name"] or "no exporter left" in case["name"]
        for check in case["alert_rule_test"]
    }
    assert alert.name in tried


def test_the_labels_are_those_of_the_contract(alert, contract) -> None:
    severity, service, impact, scope = contract[alert.name]
    assert alert.labels == {
        "severity": severity,
        "service": service,
        "impact": impact,
        "scope": scope,
    }


def test_the_contract_lists_no_alert_that_does_not_exist(contract, alerts) -> None:
    assert set(contract) == {alert.name for alert in alerts}


@pytest.fixture(scope="module")
def contract(repository) -> dict[str, tuple[str, str, str, str]]:
    """severity, service, impact, scope of each alert, from the table of contracts.md."""
    text = (repository / "docs/reference/contracts.md").read_text("utf-8")
    table = text.split("| Alert |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \| (\w+) / (\w+) \|$", table, re.MULTILINE)
    return {
        name: (severity, service, impact, scope) for name, severity, service, impact, scope in rows
    }


def test_the_annotations_are_there_and_in_french(alert) -> None:
    assert set(alert.annotations) == ANNOTATIONS
    words = " ".join(alert.annotations[name] for name in ("summary", "action", "description"))
    prose = re.sub(r"{{.*?}}", "", words, flags=re.DOTALL)  # what a template computes is not prose
    assert not ENGLISH.search(prose), prose
    assert len(FRENCH.findall(prose)) >= 3, prose


def test_the_runbook_exists_and_says_what_to_do(alert, repository) -> None:
    assert alert.annotations["runbook_url"] == f"docs/runbooks/{alert.name}.md"
    page = (repository / alert.annotations["runbook_url"]).read_text("utf-8")
    assert page.startswith(f"# {alert.name}")
    for heading in (
        "## Ce que cela veut dire",
        "## Vérifier d'abord",
        "## Que faire",
        "## C'est fini quand",
    ):
        assert heading in page, heading


def test_no_runbook_is_left_without_its_alert(repository, alerts) -> None:
    folder = repository / "docs/runbooks"
    names = {alert.name for alert in alerts}
    assert {page.stem for page in folder.glob("*.md")} == names | {"README"}
    linked = re.findall(r"\[(\w+)\]\((\w+)\.md\)", (folder / "README.md").read_text("utf-8"))
    assert {target for _, target in linked} == names


def test_each_alert_has_its_line_in_the_reference(alert, repository) -> None:
    page = (repository / "docs/reference/alerts.md").read_text("utf-8")
    assert f"`{alert.name}`" in page


def test_every_metric_a_rule_reads_is_in_the_contract(alert, repository) -> None:
    text = (repository / "docs/reference/contracts.md").read_text("utf-8")
    used = set(METRIC.findall(alert.expr)) | set(METRIC.findall(alert.annotations["summary"]))
    used -= {"backup_job"}  # a label
    assert used <= set(re.findall(r"`([a-z_]+)`", text)), used


def test_what_is_computed_once_is_of_the_contract_too_and_in_the_reference(
    record, records, repository
) -> None:
    contract = (repository / "docs/reference/contracts.md").read_text("utf-8")
    used = set(METRIC.findall(records[record])) - {"backup_job"}  # a label
    assert used <= set(re.findall(r"`([a-z_]+)`", contract)), used
    assert f"`{record}`" in (repository / "docs/reference/alerts.md").read_text("utf-8")


def test_a_rule_reads_no_computed_value_that_does_not_exist(alert, records) -> None:
    named = re.compile(r"\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b")
    words = alert.expr + alert.annotations["summary"] + " ".join(records.values())
    assert set(named.findall(words)) <= set(records)
