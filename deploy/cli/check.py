"""`vigie check PATH...`: any configuration file of Vigie, validated as its process would."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inventory.config import ConfigurationError, Fault, read_yaml
from inventory.process import EXIT_BAD_CONFIGURATION

SUMMARY = "Vérifier des fichiers de configuration, sans rien démarrer."
EXIT_OK = 0

# What only that kind of file has at its top level; its name does not matter.
_MARKS = {
    "statement": {"agents", "duty_day", "night_work"},  # before the inventory: both have members
    "interventions": {"month", "interventions"},
    "inventory": {"syndicate", "members"},
    "exporter": {"collectors"},
    "sentinel": {"watchdog", "state_file"},
    "webhook": {"integrations", "escalation", "notifiers"},
    "rosters": {"people", "support_hours"},
    "status": {"member_link_key_file", "prometheus"},
}


def kind_of(path: Path) -> str:
    """Which file this is, by its keys, else by its name. Raise ConfigurationError."""
    document = read_yaml(path)
    keys = set(document.data) if isinstance(document.data, dict) else set()
    for kind, marks in _MARKS.items():
        if keys & marks:
            return kind
    if path.stem in _MARKS:
        return path.stem
    expected = "un fichier " + ", ".join(f"{kind}.yml" for kind in _MARKS)
    raise ConfigurationError(
        [Fault(str(path), 1, "(document)", "ce n'est pas un fichier de Vigie", expected)]
    )


def _loaders() -> dict[str, Callable[[Path], Any]]:
    # Imported when asked for: an exporter host has none of the web libraries.
    def exporter(path: Path) -> Any:
        from exporters.toolkit.config import load_exporter_config  # noqa: PLC0415

        return load_exporter_config(path)

    def webhook(path: Path) -> Any:
        from alertmanager.webhook.settings import load_webhook_config  # noqa: PLC0415

        return load_webhook_config(path)

    def sentinel(path: Path) -> Any:
        from alertmanager.sentinel.settings import load_sentinel_config  # noqa: PLC0415

        return load_sentinel_config(path)

    def rosters(path: Path) -> Any:
        from alertmanager.rosters import load_rosters  # noqa: PLC0415
        from inventory import load_inventory  # noqa: PLC0415

        # The inventory only lends its time zone: rosters are checked without one too.
        beside = path.with_name("inventory.yml")
        return load_rosters(path, load_inventory(beside) if beside.exists() else None)

    def statement(path: Path) -> Any:
        from alertmanager.rosters import load_rosters  # noqa: PLC0415
        from alertmanager.statement import load_statement_rules  # noqa: PLC0415
        from inventory import load_inventory  # noqa: PLC0415

        # Names are checked against the rosters and the inventory where they lie beside it.
        beside, towns = path.with_name("rosters.yml"), path.with_name("inventory.yml")
        return load_statement_rules(
            path,
            load_rosters(beside) if beside.exists() else None,
            load_inventory(towns) if towns.exists() else None,
        )

    def interventions(path: Path) -> Any:
        from alertmanager.rosters import load_rosters  # noqa: PLC0415
        from alertmanager.statement.confirmed import load_confirmed  # noqa: PLC0415

        # It has people, towns and local times: they mean nothing without these two.
        missing = [
            name for name in ("rosters.yml", "statement.yml") if not path.with_name(name).exists()
        ]
        if missing:
            problem = f"{' et '.join(missing)} : introuvable à côté"
            raise ConfigurationError(
                [Fault(str(path), 1, "(document)", problem, "le dossier où sont les trois")]
            )
        rules, _ = statement(path.with_name("statement.yml"))
        towns = {member.id for member in rules.members}
        return load_confirmed(path, load_rosters(path.with_name("rosters.yml")), towns)

    def status(path: Path) -> Any:
        from dashboards.status.settings import load_status_config  # noqa: PLC0415

        return load_status_config(path)

    def inventory(path: Path) -> Any:
        from inventory import load_inventory  # noqa: PLC0415

        return load_inventory(path)

    return {
        "inventory": inventory,
        "exporter": exporter,
        "webhook": webhook,
        "sentinel": sentinel,
        "rosters": rosters,
        "statement": statement,
        "interventions": interventions,
        "status": status,
    }


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="FICHIER", help="inventory.yml, exporter.yml, …"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0 when every file is right, 2 otherwise; all faults of all files are shown."""
    faults: set[Fault] = set()
    for path in arguments.paths:
        try:
            kind = kind_of(path)
            _loaders()[kind](path)
        except ConfigurationError as error:
            faults.update(error.faults)
        except ModuleNotFoundError as error:
            print(f"{path} : bibliothèque absente ({error.name}) ; installer l'extra voulu")
            return EXIT_BAD_CONFIGURATION
        else:
            print(f"{path} : correct ({kind})")
    for fault in sorted(faults):
        print(fault, file=sys.stderr)
    return EXIT_BAD_CONFIGURATION if faults else EXIT_OK
