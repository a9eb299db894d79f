"""Which runner answers ``/probe?target=NAME``.

TargetError    a target nobody may ask for; the message (French) names those one may
"""

from __future__ import annotations

from collections.abc import Iterable

from exporters.toolkit.runner import Runner


class TargetError(Exception):
    """No target, or one that is not on the list."""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names))) or "aucune"


class Targets:
    """Every target of every collector: the allow-list of ``/probe``."""

    def __init__(self, runners: Iterable[Runner]) -> None:
        self._runners = {
            (runner.name, target): probe
            for runner in runners
            for target, probe in runner.targets.items()
        }

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """(collector, target) of each, sorted."""
        return tuple(sorted(self._runners))

    def find(self, target: str, module: str = "") -> Runner:
        """The runner of a target; `module` is the collector, needed when two have it.

        Raise TargetError.
        """
        modules = {collector for collector, _ in self._runners}
        if module and module not in modules:
            raise TargetError(
                f"module {module} inconnu ou sans cible ; attendu : {_listed(modules)}"
            )
        allowed = [key for key in self._runners if module in ("", key[0])]
        found = [key for key in allowed if key[1] == target]
        if not found:
            what = f"cible « {target} » inconnue" if target else "paramètre target absent"
            raise TargetError(f"{what} ; cibles admises : {_listed(name for _, name in allowed)}")
        if len(found) > 1:
            owners = _listed(collector for collector, _ in found)
            what = f"cible « {target} » connue de plusieurs modules"
            raise TargetError(f"{what} ; attendu : module=, l'un de : {owners}")
        return self._runners[found[0]]
