"""`vigie mail contain`: the commands that stop an account here, and `--apply` to run them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from deploy.cli._output import drop_output
from deploy.cli.mail.activity import resolve
from deploy.cli.mail.contain_plan import Plans
from deploy.cli.mail.contain_text import TITLES, Part, plan_text, then_text
from deploy.cli.mail.site import Site, add_site_options, load_site
from deploy.containment import plan
from deploy.containment.apply import Containment
from deploy.containment.errors import ContainmentError
from deploy.containment.journal import FOLDER, Journal, Step
from deploy.containment.names import check_for_table, reference
from deploy.containment.release import Release, still_held, undoable
from deploy.containment.scene import Scene
from inventory.config import ConfigurationError
from inventory.process import system_clock

HELP = "arrête un compte : ses envois, ses sessions, ses messages en file ; --undo le libère"
EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("account", metavar="COMPTE", help="le compte, comme compta@ville.fr")
    parser.add_argument("--apply", action="store_true", help="le fait (sinon : montre seulement)")
    parser.add_argument("--yes", action="store_true", help="sans demander confirmation")
    after = parser.add_mutually_exclusive_group()
    after.add_argument("--undo", action="store_true", help="libère le compte et ses messages")
    after.add_argument(
        "--purge", action="store_true", help="supprime les messages retenus, pour toujours"
    )
    parser.add_argument(
        "--ids",
        action="store_true",
        help="rien que les messages à retenir (retenus, avec --undo), un par ligne",
    )
    parser.add_argument("--force", action="store_true", help="même un compte jamais vu ici")
    add_containment_options(parser)


def add_containment_options(parser: argparse.ArgumentParser) -> None:
    """The options of `contain` and `contained`."""
    add_site_options(parser)
    parser.add_argument(
        "--dovecot", metavar="FICHIER", type=Path, help="un autre dovecot.conf que le sien"
    )
    parser.add_argument(
        "--journal",
        metavar="DOSSIER",
        type=Path,
        default=FOLDER,
        help=f"où tout est noté ({FOLDER} par défaut)",
    )


def given_options(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The options of `add_containment_options` as they were given, for another command."""
    given: list[str] = []
    for name, usual in (("config", None), ("dovecot", None), ("journal", FOLDER)):
        value = getattr(arguments, name)
        if value != usual:
            given += [f"--{name}", str(value)]
    return tuple(given)


def run(arguments: argparse.Namespace, clock: Callable[[], datetime] = system_clock) -> int:
    """Print the plan or do it. Exit status 1: a step failed; 2: it cannot begin; 130: Ctrl-C."""
    scene: Scene | None = None
    try:
        _check_right(arguments)
        site = load_site(arguments.config)
        account = resolve(arguments.account, site, clock)
        check_for_table(account)
        scene = open_scene(site, account, arguments.dovecot, clock)
        journal = Journal(arguments.journal, account, clock)
        return _Contain(arguments, scene, journal).run()
    except (ContainmentError, ConfigurationError) as error:
        print(f"vigie mail contain : {error}", file=sys.stderr)
        return EXIT_USAGE
    finally:
        if scene is not None:
            scene.close()


def _check_right(arguments: argparse.Namespace) -> None:
    if arguments.apply and os.geteuid() != 0:
        raise ContainmentError("--apply : il faut être root ; attendu : sudo vigie mail …")


def open_scene(
    site: Site, account: str, dovecot: Path | None, clock: Callable[[], datetime]
) -> Scene:
    """Everything about the account on this host. Raise ContainmentError."""
    if "exim" in (site.maillog.mta, site.mailqueue.mta):
        raise ContainmentError(
            "ce serveur est un Exim, que cette commande n'arrête pas ; attendu : un Postfix"
        )
    return site.scene(account, dovecot, clock)


class _Contain:
    """One run of the command."""

    def __init__(self, arguments: argparse.Namespace, scene: Scene, journal: Journal) -> None:
        self._arguments, self._scene, self._journal = arguments, scene, journal
        self._account = scene.account
        self._json = arguments.format == "json"
        self._plans = Plans(scene, journal, given_options(arguments))
        self._told: list[dict[str, str]] = []

    def run(self) -> int:
        arguments = self._arguments
        back = arguments.undo or arguments.purge
        if back:
            undoable(self._journal)
        else:
            self._check_known()
        if arguments.ids:
            ids = (
                still_held(self._scene, self._journal)
                if back
                else plan.to_hold(self._scene.messages())
            )
            sys.stdout.writelines(f"{name}\n" for name in ids)
            return 0
        if arguments.undo:
            parts = self._plans.undo()
        else:
            parts = self._plans.purge() if arguments.purge else self._plans.contain()
        if not arguments.apply:
            self._show(parts, back=back)
            return 0
        if not self._json:
            print(plan_text(parts), flush=True)
        elif not arguments.yes:
            # Who is asked must see what for; standard output is for the program.
            print(plan_text(parts), file=sys.stderr)
        if not (arguments.yes or self._confirmed()):
            print("Rien n'a été fait.", file=sys.stderr)
            if self._json:
                self._dump({"applied": False, "failure": "pas confirmé", "steps": []})
            return EXIT_USAGE
        return self._do()

    def _check_known(self) -> None:
        scene = self._scene
        scene.watch.read()
        known = scene.watch.submitted or scene.watch.refused or not self._journal.history().empty
        if not (known or self._arguments.force or scene.messages()):
            raise ContainmentError(
                f"{self._account} : jamais vu dans {scene.log_name} depuis 24 h, rien en file ;"
                " attendu : son nom exact (vigie mail who), ou --force"
            )

    def _show(self, parts: Sequence[Part], *, back: bool) -> None:
        later = [] if back else self._plans.later()
        following = self._plans.next_steps()
        if self._json:
            rows = [{"step": p.step, "commands": list(p.commands), "note": p.note} for p in parts]
            self._dump({"applied": False, "steps": rows, "later": later, "vigie": following})
            return
        print(f"# {self._account} ({reference(self._account)}) : RIEN N'EST ENCORE FAIT.\n")
        print(plan_text(parts))
        if back:
            print(f"# Le faire : ajouter --apply ; tout est noté dans {self._journal.path}")
        else:
            print(then_text(len(parts), later, following))

    def _confirmed(self) -> bool:
        what = "SUPPRIMER ces messages" if self._arguments.purge else "le faire"
        if not sys.stdin.isatty():
            print("Pas de terminal pour confirmer ; attendu : --yes", file=sys.stderr)
            return False
        print(f"Taper « oui » pour {what} : ", end="", file=sys.stderr, flush=True)
        try:
            return sys.stdin.readline().strip().lower() == "oui"
        except KeyboardInterrupt:
            print(file=sys.stderr)
            return False

    def _do(self) -> int:
        arguments = self._arguments
        try:
            with self._journal.alone():
                if arguments.undo:
                    Release(self._scene, self._journal, self._say).undo()
                elif arguments.purge:
                    Release(self._scene, self._journal, self._say).purge()
                else:
                    Containment(self._scene, self._journal, self._say).run()
        except ContainmentError as error:
            self._stopped(str(error))
            return EXIT_FAILED
        except KeyboardInterrupt:
            self._stopped("interrompu")
            return EXIT_INTERRUPTED
        self._finish("")
        return 0

    def _stopped(self, why: str) -> None:
        done = ", ".join(TITLES[row["step"]] for row in self._told) or "rien"
        print(
            f"ARRÊTÉ : {why}\nFait : {done}.\nLe reste ne l'est pas ; relancer le reprend.",
            file=sys.stderr,
        )
        self._finish(why)

    def _say(self, step: Step, words: str) -> None:
        self._told.append({"step": step, "said": words})
        if not self._json:
            try:
                print(f"  fait  {TITLES[step]} : {words}", flush=True)
            except BrokenPipeError:
                drop_output()  # nobody reads, but the account is to be stopped all the same

    def _finish(self, failure: str) -> None:
        if self._json:
            self._dump({"applied": not failure, "failure": failure, "steps": self._told})
        else:
            print(f"Noté dans {self._journal.path}")

    def _dump(self, data: dict[str, object]) -> None:
        whole = {"account": self._account, "reference": reference(self._account), **data}
        json.dump(whole, sys.stdout, ensure_ascii=False, indent=2)
        print()
