"""What `vigie demo` and `vigie drill` have in common: options, progress, a clean end on signals."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.estate.child import EstateError
from deploy.estate.folder import DEFAULT_FOLDER
from deploy.estate.ports import DEFAULT_BASE
from inventory.process import configure_logs

EXIT_FAILED = 1


def add_estate_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where the estate lives."""
    parser.add_argument(
        "--port-base",
        type=int,
        default=DEFAULT_BASE,
        metavar="N",
        help=f"premier port utilisé ({DEFAULT_BASE} par défaut)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="DOSSIER",
        help=f"dossier de la démonstration ({DEFAULT_FOLDER} par défaut)",
    )


def say(words: str) -> None:
    """One line of progress on standard error, with the time.

    Nobody may be left to read it: what was started must be stopped all the same.
    """
    try:
        print(f"{time.strftime('%H:%M:%S')}  {words}", file=sys.stderr, flush=True)
    except OSError:
        # What is left in the buffer must not fail at exit either (Python's note on SIGPIPE).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def guarded(run: Callable[[], int]) -> int:
    """Run with SIGTERM, and a terminal that is closed, as Ctrl-C.

    A failing server is a message and status 1, never a traceback.
    """
    configure_logs("warning")
    # SIGINT too: a shell starts what it puts in the background with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return run()
    except EstateError as error:
        print(f"\nErreur : {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        say("arrêté")
        return EXIT_FAILED
