"""`vigie mail contained`: is it really over? Exit status 0 yes, 1 not yet, 2 cannot tell."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo

from deploy.cli.mail.activity import resolve
from deploy.cli.mail.contain import add_containment_options, given_options, open_scene
from deploy.cli.mail.contain_text import count, vigie
from deploy.cli.mail.reasons_text import rfc3339
from deploy.cli.mail.site import load_site
from deploy.containment import plan
from deploy.containment.errors import ContainmentError
from deploy.containment.journal import Journal
from deploy.containment.scene import Scene
from deploy.containment.verdict import Verdict, judge
from inventory.config import ConfigurationError
from inventory.process import system_clock

HELP = "est-ce fini pour ce compte ? code 0 oui, 1 pas encore, 2 impossible à dire"
EXIT_OVER, EXIT_NOT_YET, EXIT_UNKNOWN = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("account", metavar="COMPTE", help="le compte, comme compta@ville.fr")
    parser.add_argument(
        "--since",
        metavar="INSTANT",
        type=_instant,
        help="arrêté à la main depuis, comme 2026-05-01T03:12+02:00",
    )
    add_containment_options(parser)


def run(arguments: argparse.Namespace, clock: Callable[[], datetime] = system_clock) -> int:
    """Say whether it is over, and what remains."""
    scene: Scene | None = None
    try:
        site = load_site(arguments.config)
        account = resolve(arguments.account, site, clock)
        journal = Journal(arguments.journal, account, clock)
        since = arguments.since or _since(journal, account)
        scene = open_scene(site, account, arguments.dovecot, clock)
        history = journal.history()
        connections = scene.connections(history.refused)
        verdict = judge(
            history,
            since=since,
            submitted=scene.watch.submitted,
            refused=scene.watch.refused,
            messages=scene.messages(),
            connections=connections,
            now=clock().timestamp(),
            refusing=_refusing(scene),
        )
    except (ContainmentError, ConfigurationError) as error:
        print(f"vigie mail contained : IMPOSSIBLE À DIRE : {error}", file=sys.stderr)
        return EXIT_UNKNOWN
    finally:
        if scene is not None:
            scene.close()
    zone = site.maillog.office_zone
    if arguments.format == "json":
        json.dump(_data(account, verdict, zone), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        print(_text(account, verdict, zone, given_options(arguments)))
    return EXIT_OVER if verdict.over else EXIT_NOT_YET


def _since(journal: Journal, account: str) -> float:
    history = journal.history()
    since = history.over or history.since
    if since is None:
        raise ContainmentError(
            f"{account} : aucun confinement noté dans {journal.path.parent} ;"
            f" attendu : {vigie('contain', '--apply', account=account)}, ou --since"
        )
    return since


def _refusing(scene: Scene) -> bool:
    if not plan.guarded(scene.postfix) or not scene.table():
        return False
    return plan.answers(scene.account, scene.answer())


def _instant(text: str) -> float:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"« {text} » n'est pas un instant ; attendu : 2026-05-01T03:12+02:00"
        ) from None


def _data(account: str, verdict: Verdict, zone: tzinfo) -> dict[str, object]:
    data = {"account": account, "over": verdict.over, **asdict(verdict)}
    for name in ("since", "last_submission", "last_refused"):
        data[name] = None if data[name] is None else rfc3339(int(data[name]), zone)
    return data


def _text(account: str, verdict: Verdict, zone: tzinfo, options: tuple[str, ...]) -> str:
    def at(time: float | None) -> str:
        if time is None:
            return "aucun depuis 24 h"
        return f"{datetime.fromtimestamp(time, UTC).astimezone(zone):%d/%m %H:%M:%S}"

    tries = "aucun"
    if verdict.refused:
        tries = f"{verdict.refused}, le dernier le {at(verdict.last_refused)}"
        tries += " : ON ESSAIE ENCORE" if verdict.trying else ""
    head = f"FINI pour {account}" if verdict.over else f"PAS ENCORE FINI pour {account}"
    lines = [
        f"{head} (arrêté le {at(verdict.since)})",
        *(f"  reste : {what}" for what in verdict.remains),
        f"  dernier envoi accepté      {at(verdict.last_submission)}",
        f"  envois refusés depuis      {tries}",
        f"  messages retenus par nous  {verdict.held}",
        f"  messages prêts à partir    {verdict.queued}",
        f"  sessions SMTP ouvertes     {verdict.sessions}",
    ]
    if verdict.others:
        lines.append(f"  retenus par d'autres       {count(verdict.others, 'message', 'messages')}")
    if not verdict.over:
        lines.append(
            f"Pour finir : {vigie('contain', '--apply', account=account, options=options)}"
        )
    return "\n".join(lines)
