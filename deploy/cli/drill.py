"""`vigie drill NAME`: a drill on an estate of its own, its report, and everything stopped."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from deploy.cli._estate import EXIT_FAILED, add_estate_options, guarded, say
from deploy.drill import finding
from deploy.drill.calm import Calm
from deploy.drill.messagerie import STEPS, MailDrill, dripping_past, honest_past
from deploy.drill.night import zone_where_it_is
from deploy.drill.premier_mai import Drill
from deploy.drill.report import as_json, as_text
from deploy.drill.scenario import PREMIER_MAI
from deploy.estate.child import EstateError
from deploy.estate.estate import Estate
from deploy.estate.ports import Ports
from inventory.config import reason
from inventory.process import system_clock

SUMMARY = "Rejouer un incident sur de vrais serveurs et mesurer chaque étape."


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "name",
        choices=[PREMIER_MAI.name, "messagerie", "calme"],
        metavar="NOM",
        help="premier-mai : l'attaque par compte volé ; messagerie : toutes les attaques du"
        " courrier, l'une après l'autre ; calme : le courrier ordinaire seul",
    )
    parser.add_argument("--report", type=Path, metavar="FICHIER", help="rapport JSON à écrire")
    parser.add_argument(
        "--minutes", type=float, default=10.0, metavar="N", help="durée de « calme » (10)"
    )
    parser.add_argument(
        "--steps",
        type=_steps,
        default=STEPS,
        metavar="A,B",
        help=f"les étapes de « messagerie » (toutes par défaut : {','.join(STEPS)})",
    )
    add_estate_options(parser)


def _steps(text: str) -> tuple[str, ...]:
    wanted = tuple(text.split(","))
    if not set(wanted) <= set(STEPS):
        raise argparse.ArgumentTypeError(f"« {text} » ; attendu : parmi {','.join(STEPS)}")
    return wanted


def _claim(report: Path) -> None:
    """Make sure that the report can be written before the drill, not minutes later."""
    try:
        report.touch()
    except OSError as error:
        raise EstateError(f"rapport {report} impossible à écrire ({reason(error)})") from None


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0 when every step was seen and right, 1 otherwise."""

    def drill() -> int:
        if arguments.report:
            _claim(arguments.report)
        drips = arguments.name == "messagerie" and "goutte" in arguments.steps
        estate = Estate(
            arguments.folder,
            Ports(arguments.port_base),
            clock_start=PREMIER_MAI.starts,
            mail_past=dripping_past if drips else honest_past,
            calm_start=not drips,
            office_timezone=zone_where_it_is(10, system_clock()),
        )
        estate.start(say)
        try:
            if arguments.name == "calme":
                report, text = Calm(estate, say).run(arguments.minutes * 60)
            elif arguments.name == "messagerie":
                found = MailDrill(estate, say).run(arguments.steps)
                report, text = finding.as_json(*found), finding.as_text(*found)
            else:
                seen = Drill(estate, PREMIER_MAI, say).run()
                report, text = as_json(seen), as_text(seen)
        finally:
            say("arrêt de tout ce qui a été démarré")
            estate.stop()
        if arguments.report:
            body = json.dumps(report, ensure_ascii=False, indent=2)
            arguments.report.write_text(body + "\n", encoding="utf-8")
        print(f"\n{text}")
        return 0 if report["ok"] else EXIT_FAILED

    return guarded(drill)
