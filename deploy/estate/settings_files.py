"""The configuration files of Vigie's processes for one estate, and the secrets they name."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from dashboards.status.links import member_path, member_token
from deploy.estate import canaries
from deploy.estate.ports import LOOPBACK, Ports

SECRETS = (
    "alertmanager.token",
    "watchdog.token",
    "status.token",
    "operator.token",
    "member-links.key",
    "answer-links.key",
)


class SettingsFiles:
    """`/etc/vigie` of an estate: ``folder/NAME.yml``, inventory and rosters too."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder, self.ports = folder, ports

    def path(self, name: str) -> Path:
        """The file called `name` in the folder."""
        return self.folder / name

    def secret(self, name: str) -> str:
        """A secret of the estate, as written."""
        return self.path(name).read_text(encoding="ascii").strip()

    def member_path(self, member: str) -> str:
        """Path of a member's private status page, without the last slash."""
        token = member_token(self.secret("member-links.key").encode(), member)
        return member_path(token).rstrip("/")

    def write_shared(self) -> None:
        """The inventory, the rosters and the secrets; existing secrets are kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        inventory = (files("inventory") / "example.yml").read_text(encoding="utf-8")
        self.path("inventory.yml").write_text(inventory, encoding="utf-8")
        rosters = (files("alertmanager") / "rosters" / "example.yml").read_text(encoding="utf-8")
        self.path("rosters.yml").write_text(rosters, encoding="utf-8")
        for name in SECRETS:
            if not self.path(name).exists():
                self.path(name).touch(mode=0o600)
                self.path(name).write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")

    def write_secret(self, name: str, secret: str) -> None:
        """A secret of another part's, for our processes to read."""
        self.path(name).touch(mode=0o600)
        self.path(name).write_text(secret + "\n", encoding="ascii")

    def write_bulk_senders(self, accounts: Iterable[str], until: date) -> None:
        """bulk-senders.yml: these accounts may send newsletters, and the canaries' theirs."""
        entry = {"ceiling": 8000, "expires": until, "reason": "lettre municipale"}
        rows = [{"account": account, **entry} for account in accounts]
        witness = {"ceiling": canaries.CEILING, "expires": until, "reason": "messages témoins"}
        rows.append({"account": canaries.SENDER, **witness})
        self._write("bulk-senders.yml", {"bulk_senders": rows})

    def write_exporter(self, collectors: dict[str, Any], state_directory: Path) -> None:
        """exporter.yml with these collectors' settings."""
        state_directory.mkdir(parents=True, exist_ok=True)
        self._write(
            "exporter.yml",
            {
                "inventory": "inventory.yml",
                "state_directory": str(state_directory),
                "web": {"listen_address": f"{LOOPBACK}:{self.ports['exporter']}"},
                "collectors": collectors,
            },
        )

    def write_webhook(self, database: Path, kannel: dict[str, Any], first_wait: str) -> None:
        """webhook.yml: SMS through `kannel`; the second person after `first_wait`."""
        database.parent.mkdir(parents=True, exist_ok=True)
        self._write(
            "webhook.yml",
            {
                "inventory": "inventory.yml",
                "rosters": "rosters.yml",
                "web": {"listen_address": f"{LOOPBACK}:{self.ports['webhook']}"},
                "store": {"path": str(database)},
                "integrations": [
                    {
                        "id": "default",
                        "token_file": "alertmanager.token",
                        "alertmanager_url": self.ports.url("alertmanager"),
                    },
                    {"id": "watchdog", "token_file": "alertmanager.token", "kind": "heartbeat"},
                ],
                "readers": {
                    "status_token_file": "status.token",
                    "operator_token_file": "operator.token",
                },
                "escalation": {
                    "steps": [
                        {"roster": "astreinte", "wait": first_wait},
                        {"roster": "renfort", "wait": first_wait},
                    ],
                    "last_resort": ["helene.vasseur"],
                },
                "notifiers": {"kannel": kannel},
                "link_key_file": "answer-links.key",
            },
        )

    def write_sentinel(
        self, state: Path, kannel: dict[str, Any], people: list[dict[str, str]], **changes: Any
    ) -> None:
        """sentinel.yml: pages `people` through `kannel`; `changes` replace top-level keys."""
        state.parent.mkdir(parents=True, exist_ok=True)
        self._write(
            "sentinel.yml",
            {
                "timezone": "Europe/Paris",
                "web": {"listen_address": f"{LOOPBACK}:{self.ports['sentinel']}"},
                "state_file": str(state),
                "people": people,
                "watchdog": {"token_file": "watchdog.token"},
                "webhook": {"url": self.ports.url("webhook")},
                "notifiers": {"kannel": kannel},
                **changes,
            },
        )

    def write_status(self) -> None:
        """status.yml."""
        self._write(
            "status.yml",
            {
                "inventory": "inventory.yml",
                "web": {"listen_address": f"{LOOPBACK}:{self.ports['status']}"},
                "webhook": {"url": self.ports.url("webhook"), "token_file": "status.token"},
                "prometheus": {"url": self.ports.url("prometheus")},
                "member_link_key_file": "member-links.key",
            },
        )

    def _write(self, name: str, data: dict[str, Any]) -> None:
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
        self.path(name).write_text(text, encoding="utf-8")
