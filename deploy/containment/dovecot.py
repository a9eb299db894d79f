"""This Dovecot: whether it runs, and the file of those it refuses. Source: doveconf(1)."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.containment.errors import ContainmentError
from deploy.containment.runner import ask

_BLOCK = re.compile(r"^passdb(?: [\w-]+)? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"^ +(\w+) *= *(.*?) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Dovecot:
    """`deny`: the passwd-file of a passdb with ``deny = yes``; empty when there is none."""

    config: str
    deny: str

    def tool(self, *arguments: str) -> tuple[str, ...]:
        """A doveadm command for this very instance."""
        return ("doveadm", *(("-c", self.config) if self.config else ()), *arguments)


def deny_file(settings: str) -> str:
    """From the output of ``doveconf -n`` (2.3 or 2.4); empty when there is none."""
    for block in _BLOCK.findall(settings):
        values = dict(_SETTING.findall(block))
        if values.get("deny") == "yes" and values.get("driver") == "passwd-file":
            path: str = values.get("passwd_file_path") or values.get("args", "").rpartition(" ")[2]
            if path.startswith("/") and "%" not in path:
                return path
    return ""


def read_dovecot(config: Path | None) -> Dovecot | None:
    """The instance with that configuration file (None: the usual one); None when none runs."""
    if shutil.which("doveconf") is None:
        return None
    option = () if config is None else ("-c", str(config))
    try:
        base = ask(("doveconf", *option, "-h", "base_dir")).strip()
        settings = ask(("doveconf", *option, "-n"))
        os.kill(int((Path(base) / "master.pid").read_text(encoding="ascii")), 0)
    except PermissionError:
        pass  # it runs, and is not ours
    except (ContainmentError, OSError, ValueError):
        return None
    return Dovecot(str(config or ""), deny_file(settings))
