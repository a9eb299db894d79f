"""`vigie status links`: the private link of each member, to hand to that member."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from urllib.parse import urljoin

from dashboards.status.links import member_path, member_tokens
from dashboards.status.settings import load_status_config
from inventory import load_inventory
from inventory.config import ConfigurationError
from inventory.process import refuse_to_start

SUMMARY = "Page d'état : liens privés des membres"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the sub-command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    links = actions.add_parser("links", help="afficher le lien privé de chaque membre")
    links.add_argument(
        "--config",
        metavar="FICHIER",
        type=Path,
        default="/etc/vigie/status.yml",
        help="%(default)s par défaut",
    )
    links.add_argument("--base-url", metavar="URL", help="adresse du site (sinon public_url)")
    links.add_argument("--format", choices=("text", "json"), default="text", help="text par défaut")


def run(arguments: argparse.Namespace) -> int:
    """Print one link a member. Exit status 2 on a faulty configuration."""
    try:
        config = load_status_config(arguments.config)
        inventory = load_inventory(config.inventory)
    except ConfigurationError as error:
        refuse_to_start(error)
    base = arguments.base_url.rstrip("/") + "/" if arguments.base_url else config.base_url()
    tokens = member_tokens(config.link_key(), inventory.members, config.member_link_versions)
    links = {
        m.id: {"name": m.name, "url": urljoin(base, member_path(tokens[m.id]).lstrip("/"))}
        for m in inventory.members
    }
    if arguments.format == "json":
        json.dump(links, sys.stdout, ensure_ascii=False, indent=2)
        print()
        return 0
    width = max(len(link["name"]) for link in links.values())
    for link in links.values():
        print(f"{link['name']:<{width}}  {link['url']}")
    return 0
