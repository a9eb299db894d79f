"""Where an action writes its answer: a file that only its owner may read, or standard output."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from deploy.cli.roster.asked import AskedWrongly
from inventory.config import reason


def add_out(parser: argparse.ArgumentParser) -> None:
    """Declare where to write."""
    parser.add_argument(
        "--out", metavar="FICHIER", type=Path, help="le fichier à écrire (sinon, la sortie)"
    )


def write(content: bytes, out: Path | None) -> None:
    """The whole file or none of it; it tells of people's pay. Raise AskedWrongly."""
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        # Made with 0600; a file that was there is replaced in one step.
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(out)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise AskedWrongly(
            f"{out} : impossible à écrire ({reason(error)}) ; attendu : un dossier où écrire"
        ) from None
