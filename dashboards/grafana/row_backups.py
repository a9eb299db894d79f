"""Backups: the age of the last good copy against the promise, and the repositories."""

from __future__ import annotations

from dashboards.grafana.limits import BACKUP_AGE_RATIO
from dashboards.grafana.panels import (
    RED,
    Column,
    Panel,
    Query,
    curves,
    listing,
    verdicts,
)

TITLE = "Sauvegardes"

_MINE = '{instance=~"$instance",member=~"$member"}'
_AGE = f"time() - backup_job_newest_recovery_point_timestamp_seconds{_MINE}"
_MAXIMUM = f"backup_policy_max_age_seconds{_MINE}"
# Ten times the promise is as late as the panel needs to show; a job that never succeeded is there.
_RATIO = f"clamp_max(({_AGE}) / {_MAXIMUM}, 10)"
_SHARE = Column("Value #A", "Part de l’âge promis", "percentunit", [(BACKUP_AGE_RATIO, RED)])
_BY_JOB = "max by (tool, repository, backup_job, member)"


def panels() -> list[Panel]:
    """Age against promise, by job; repositories."""
    return [
        listing(
            "Âge de la dernière sauvegarde réussie",
            "Une ligne par tâche. Au-delà de 100 % de l’âge promis, l’alerte BackupTooOld part ;"
            " 1000 % : plus de dix fois l’âge promis, ou jamais réussie.",
            [
                Column("backup_job", "Tâche"),
                Column("member", "Membre"),
                Column("tool", "Outil"),
                Column("repository", "Dépôt"),
                _SHARE,
                Column("Value #B", "Âge promis", "s"),
                Column("Value #C", "Points de reprise", "short"),
            ],
            Query(f"{_BY_JOB} ({_RATIO})"),
            Query(f"{_BY_JOB} ({_MAXIMUM})"),
            Query(f"{_BY_JOB} (backup_job_recovery_points{_MINE})"),
            sort=("Part de l’âge promis", True),
        ),
        verdicts(
            "Dépôts",
            "Le dépôt répond à son outil. « Illisible » : l’âge de ses sauvegardes n’est plus"
            " vérifié. Fiche : BackupRepositoryDown.",
            Query('backup_repository_up{instance=~"$instance"}', "{{repository}}"),
            bad="Illisible",
            width=4,
        ),
        curves(
            "Part de l’âge promis",
            "Chaque courbe doit retomber à zéro à chaque sauvegarde et rester sous 100 %.",
            "percentunit",
            Query(f"max by (backup_job) ({_RATIO})", "{{backup_job}}"),
            limits=[(BACKUP_AGE_RATIO, RED)],
        ),
    ]  # fmt: skip
