"""The estate's own folder: ours alone, and traversable by Postfix's user."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from deploy.estate.child import EstateError
from inventory.config import reason

DEFAULT_FOLDER = Path("/var/tmp/vigie-demo")  # noqa: S108  # claimed below: never a link, never another's

MARKER = ".vigie-estate"
"""Says that a folder is an estate's and may be emptied of an earlier run."""


def claim(folder: Path) -> Path:
    """Make `folder` (mode 0755) or take it again if it is ours. Raise EstateError otherwise.

    The default lies in a directory where everyone may write: a link or a
    folder of somebody else there is refused.
    """
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise EstateError(f"dossier {folder} impossible à créer ({reason(error)})") from None
    if folder.is_symlink() or status.st_uid != os.geteuid():
        raise EstateError(f"{folder} est à quelqu'un d'autre ; choisir --folder DOSSIER")
    marker = folder / MARKER
    if not marker.exists():
        if any(folder.iterdir()):
            raise EstateError(f"{folder} n'est pas vide ; choisir un dossier vide ou nouveau")
        marker.touch()
    folder.chmod(0o755)
    for parent in folder.resolve().parents:
        if not parent.stat().st_mode & 0o001:
            raise EstateError(
                f"{parent} n'est pas traversable par l'utilisateur postfix ;"
                f" choisir --folder hors de {parent}, par exemple {DEFAULT_FOLDER}"
            )
    return folder.resolve()


def forget(folder: Path, names: tuple[str, ...]) -> None:
    """Remove these sub-folders, left by an earlier run, of a claimed folder."""
    for name in names:
        if (folder / MARKER).exists() and (folder / name).exists():
            shutil.rmtree(folder / name)
