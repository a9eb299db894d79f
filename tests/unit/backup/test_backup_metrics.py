"""Jobs and repositories on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from exporters.backup import borg, restic
from exporters.backup.contents import Contents, RecoveryPoint
from exporters.backup.families import families
from exporters.backup.families.view import View
from exporters.backup.job import Job, jobs_of
from exporters.backup.reading import Reading
from exporters.backup.settings import faults
from inventory import BackupJob

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOURS = timedelta(hours=1)
SUCCESS = "backup_job_last_success_timestamp_seconds{"
NEWEST = "backup_job_newest_recovery_point_timestamp_seconds{"


def _job(**fields):
    return Job(
        BackupJob.model_validate(
            {"id": "j", "tool": "restic", "repository": "r", "max_age": "26h", **fields}
        ),
        "valmont",
        ZoneInfo("Europe/Paris"),
    )


def _point(hours_ago=1, **fields):
    return RecoveryPoint(NOW - hours_ago * HOURS, **fields)


@pytest.fixture
def told(page, example_inventory):
    """The page of these jobs and readings."""

    def render(tool, jobs, readings, stale_after=HOURS):
        return page(
            families(View(tool, example_inventory, tuple(jobs), readings, NOW, stale_after))
        )

    return render


@pytest.mark.parametrize(
    ("tool", "parse", "file"),
    [
        ("restic", restic.parse_snapshots, "restic_0.14"),
        ("borg", borg.parse_archives, "borg_1.2"),
    ],
)
def test_the_page_of_a_recorded_repository_is_the_golden_one(
    golden, told, example_inventory, tool, parse, file
):
    points = parse((golden / f"{file}.json").read_text(encoding="utf-8"))
    readings = {f"{tool}-central": Reading("none", Contents(points), NOW)}
    text = told(tool, jobs_of(tool, example_inventory), readings)
    assert text == (golden / f"{file}.prom").read_text(encoding="utf-8")
    assert ",job=" not in text  # Prometheus owns that label


def test_a_job_that_never_succeeded_shows_zero(told):
    text = told("restic", [_job(host="h")], {"r": Reading("none", Contents(), NOW)})
    assert (
        f'{NEWEST}backup_job="j",host="h",member="valmont",repository="r",tool="restic"}} 0.0'
        in text
    )


def test_before_the_first_try_nothing_is_claimed_but_the_policy(told):
    text = told("restic", [_job()], {})
    assert SUCCESS not in text
    assert "backup_repository_up{" not in text
    assert "backup_policy_max_age_seconds{" in text


@pytest.mark.parametrize(("age", "shown"), [(1, True), (2, True), (3, False)])
def test_values_of_an_unreadable_repository_are_dropped_once_they_are_stale(told, age, shown):
    reading = Reading("auth", Contents((_point(),)), NOW - age * HOURS)
    text = told("restic", [_job()], {"r": reading}, 2 * HOURS)
    assert (SUCCESS in text) is shown
    assert 'backup_repository_up{repository="r",tool="restic"} 0.0' in text
    assert 'reason="auth",repository="r",tool="restic"} 1.0' in text
    assert 'reason="none",repository="r",tool="restic"} 0.0' in text


@pytest.mark.parametrize(("age", "up"), [(1, 1), (3, 0)])
def test_a_repository_that_a_backup_holds_is_down_only_when_it_lasts(told, age, up):
    reading = Reading("locked", Contents(), NOW - age * HOURS)
    text = told("borg", [], {"r": reading}, 2 * HOURS)
    assert f'backup_repository_up{{repository="r",tool="borg"}} {up}.0' in text


def test_a_repository_whose_watch_is_stuck_is_down_although_its_last_reading_was_fine(told):
    text = told("borg", [], {"r": Reading("none", Contents(), NOW - 3 * HOURS)}, 2 * HOURS)
    assert 'backup_repository_up{repository="r",tool="borg"} 0.0' in text


def test_a_point_from_the_future_proves_nothing(told):
    points = (_point(5), _point(-24))
    text = told("restic", [_job()], {"r": Reading("none", Contents(points), NOW)})
    proven = (NOW - 5 * HOURS).timestamp()
    for name in (NEWEST, SUCCESS, "backup_job_last_attempt_timestamp_seconds{"):
        line = next(line for line in text.splitlines() if line.startswith(name))
        assert float(line.split()[-1]) == proven


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, {"a", "b", "c", "d"}),
        ({"host": "h1"}, {"a", "b", "d"}),
        ({"host": "valmont-web", "client": "h1", "tag": "nuit"}, {"b"}),
        ({"job_name": "c"}, {"c"}),
        ({"tag": "nuit"}, {"b", "c"}),
        ({"host": "h1", "tag": "nuit"}, {"b"}),
        ({"tool": "borg", "archive_prefix": "b"}, {"b"}),
        ({"tool": "borg", "archive_prefix": "d", "host": "whatever"}, {"d"}),
    ],
)
def test_a_job_owns_the_points_that_match_all_it_declares(fields, names):
    points = [
        RecoveryPoint(NOW, name="a", host="h1"),
        RecoveryPoint(NOW, name="b", host="h1", tags=("nuit",)),
        RecoveryPoint(NOW, name="c", host="h2", tags=("nuit", "x")),
        RecoveryPoint(NOW, name="d", host=""),
    ]
    assert {p.name for p in _job(**fields).points(Contents(points))} == names


def test_a_job_whose_repository_is_not_configured_is_a_fault_in_french(example_inventory):
    found = list(faults("restic", [], example_inventory))
    assert len(found) == 1
    path, problem, expected = found[0]
    assert path == ("repositories",)
    assert "« restic-central » absent" in problem
    assert "valmont-donnees" in problem
    assert expected == "une entrée de repositories dont l'id est restic-central"


def test_two_jobs_that_nothing_tells_apart_are_a_fault(example_inventory):
    members = list(example_inventory.members)
    jobs = tuple(
        BackupJob.model_validate(
            {"id": i, "tool": "borg", "repository": "partage", "max_age": "1d", **more}
        )
        for i, more in (("un", {"archive_prefix": "un-"}), ("deux", {}))
    )
    members[0] = members[0].model_copy(update={"backup_jobs": jobs})
    changed = example_inventory.model_copy(update={"members": tuple(members)})
    problems = [problem for _, problem, _ in faults("borg", [], changed, ["archive_prefix"])]
    assert any("« deux »" in p and "rien ne distingue" in p for p in problems)
    assert not any("« un »" in p for p in problems)


@pytest.mark.parametrize("schedule", ["tous les soirs", "2020-01-01 00:00", "0 0 30 2 *"])
def test_a_schedule_that_is_none_or_is_over_is_a_fault_with_what_would_be_one(
    example_inventory, schedule
):
    members = list(example_inventory.members)
    fields = {"id": "un", "tool": "borg", "repository": "borg-central", "max_age": "1d"}
    job = BackupJob.model_validate({**fields, "schedule": schedule})
    members[0] = members[0].model_copy(update={"backup_jobs": (job,)})
    changed = example_inventory.model_copy(update={"members": tuple(members)})
    found = [fault for fault in faults("borg", [], changed) if "« un »" in fault[1]]
    assert any(f"« {schedule} »" in problem and expected for _, problem, expected in found), found
