"""`vigie mail who`: what an account does now; without one, who stands out most."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from deploy.cli.mail.activity import Activity, ActivityReader, resolve
from deploy.cli.mail.queue_share import most_queued, queue_now
from deploy.cli.mail.site import SPOOL, Site, add_site_options, load_site
from deploy.cli.mail.who_data import holders_data, ranking_data, view_data
from deploy.cli.mail.who_text import Look, holders_text, ranking_text, view_text
from deploy.containment.connections import open_connections
from deploy.containment.errors import ContainmentError
from deploy.containment.postfix import master_of
from deploy.containment.watch import Watch
from exporters.mailqueue.log.stamp import StampReader
from inventory.config import ConfigurationError
from inventory.process import system_clock

HELP = "que fait ce compte en ce moment ; sans compte : les dix plus suspects"
EXIT_UNKNOWN, EXIT_USAGE = 1, 2
TOP = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "account", metavar="COMPTE", nargs="?", help="comme compta@ville.fr, ou a:3fa9c1d20b7e"
    )
    add_site_options(parser)


def run(arguments: argparse.Namespace, clock: Callable[[], datetime] = system_clock) -> int:
    """Print it. Exit status 1: an account never seen; 2: a file that cannot be read."""
    try:
        site = load_site(arguments.config)
        reader = ActivityReader(site, clock)
        if arguments.account is None:
            return _ranking(arguments, site, reader.read(), clock)
        account = resolve(arguments.account, site, clock)
        return _account(arguments, site, reader.read(account), account, clock)
    except (ContainmentError, ConfigurationError) as error:
        print(f"vigie mail who : {error}", file=sys.stderr)
        return EXIT_USAGE


def zone_of(site: Site) -> tzinfo:
    """In which times are written."""
    return site.maillog.office_zone


def _ranking(
    arguments: argparse.Namespace,
    site: Site,
    activity: Activity,
    clock: Callable[[], datetime],
) -> int:
    standing = [one for one in activity.detector.standing(activity.now) if one.score > 0][:TOP]
    views = [activity.detector.view(one.account, activity.now) for one in standing]
    rows = [(one, view) for one, view in zip(standing, views, strict=True) if view is not None]
    snapshot, why = queue_now(site, clock)
    holders = most_queued(snapshot)
    if arguments.format == "json":
        queue = {"queue": holders_data(holders) if snapshot else None, "queue_unknown": why}
        accounts = ranking_data(rows, zone_of(site))
        _dump({"accounts": accounts, **queue, **_basis(activity)})
    else:
        print(ranking_text(rows, activity.now, zone_of(site)))
        print(holders_text(holders, snapshot.messages) if snapshot else f"File illisible : {why}")
        _say_basis(activity)
    return 0


def _account(
    arguments: argparse.Namespace,
    site: Site,
    activity: Activity,
    account: str,
    clock: Callable[[], datetime],
) -> int:
    view = activity.detector.view(account, activity.now)
    snapshot, why = queue_now(site, clock)
    share = snapshot.shares.get(account) if snapshot else None
    if view is None and share is None:
        print(
            f"vigie mail who : {account} : jamais vu dans {site.log_name}, rien en file ;"
            " attendu : son nom exact, ou rien pour les dix plus suspects",
            file=sys.stderr,
        )
        return EXIT_UNKNOWN
    sessions, why_not = _sessions(site, account, clock)
    look = Look(account, view, snapshot, why, sessions, why_not, activity.now)
    if arguments.format == "json":
        _dump({**view_data(look, zone_of(site)), **_basis(activity)})
    else:
        print(view_text(look, zone_of(site)))
        _say_basis(activity)
    return 0


def _sessions(
    site: Site, account: str, clock: Callable[[], datetime]
) -> tuple[list[tuple[int, str]] | None, str]:
    """Process and client address of each open session; None and why not."""
    settings = site.maillog
    if settings.mta == "exim":
        return None, "seulement avec Postfix"
    stamps = StampReader(clock, settings.stamp_zone)
    watch = Watch(site.recent_log(stamps, clock), account, stamps)
    try:
        watch.read()
        serving = watch.serving()
        master = master_of(str(site.mailqueue.queue_directory or SPOOL)) if serving else 0
        found = open_connections(serving, master, set()) if serving else []
    except ContainmentError as error:
        return None, str(error)
    finally:
        watch.close()
    return [(one.pid, one.client) for one in found], ""


def _basis(activity: Activity) -> dict[str, object]:
    now = datetime.fromtimestamp(activity.now, UTC).isoformat()
    return {"now": now, "learnt": activity.learnt, "without_state": activity.why}


def _say_basis(activity: Activity) -> None:
    if not activity.learnt:
        print(
            f"(d'après les dernières 24 h du journal seules, ses habitudes sont mal connues :"
            f" {activity.why})",
            file=sys.stderr,
        )


def _dump(data: dict[str, object]) -> None:
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2)
    print()
