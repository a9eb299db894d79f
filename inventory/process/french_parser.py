"""An argparse parser that speaks French: usage, errors, and what a value should have been."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

EXIT_BAD_FLAG = 2
_TRANSLATIONS = (
    (re.compile(r"^argument ([^:]+): "), r"option \1 : "),
    (re.compile(r"expected one argument"), "attend une valeur"),
    (re.compile(r"expected at least one argument"), "attend au moins une valeur"),
    (re.compile(r"expected (\d+) arguments"), r"attend \1 valeurs"),
    (re.compile(r"not allowed with argument (.*)"), r"ne va pas avec \1"),
    (re.compile(r"one of the arguments (.*) is required"), r"il manque l'une de ces options : \1"),
    (re.compile(r"invalid int value: '(.*)'"), r"« \1 » n'est pas un nombre entier"),
    (re.compile(r"invalid float value: '(.*)'"), r"« \1 » n'est pas un nombre"),
    (re.compile(r"ignored explicit argument .*"), "ne prend pas de valeur"),
    (
        re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)"),
        r"« \1 » n'est pas admis ; attendu : \2",
    ),
    (re.compile(r"the following arguments are required: (.*)"), r"il manque : \1"),
    (re.compile(r"unrecognized arguments: (.*)"), r"option inconnue : \1"),
)


class _Help(argparse.HelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[Any],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "Usage : " if prefix is None else prefix)


class FrenchParser(argparse.ArgumentParser):
    """The parser of a process; the flags themselves are added by whoever makes it."""

    def __init__(self, name: str, description: str, usage: str | None = "[OPTION]…") -> None:
        super().__init__(
            prog=name,
            usage=f"{name} {usage}" if usage else None,
            description=description,
            formatter_class=_Help,
            add_help=False,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, in French, and exit with status 2."""
        for english, french in _TRANSLATIONS:
            message = english.sub(french, message)
        print(f"{self.prog} : {message}\nVoir {self.prog} --help.", file=sys.stderr)
        raise SystemExit(EXIT_BAD_FLAG)


class CommandParser(FrenchParser):
    """The parser of a command or sub-command: its usage names its arguments, ``-h`` is there."""

    def __init__(self, prog: str, description: str = "") -> None:
        super().__init__(prog, description, usage=None)
        self._positionals.title = "Arguments\u00a0"
        self._optionals.title = "Options\u00a0"
        self.add_argument("-h", "--help", action="help", help="affiche cette aide")


def flag_value(convert: Callable[[str], Any], expected: str) -> Callable[[str], Any]:
    """`convert` as the type of a flag; a ValueError of its own French is said, else `expected`."""

    def parse(text: str) -> Any:
        try:
            return convert(text)
        except ValueError as error:
            own = str(error)
            words = own if "attendu" in own else f"« {text} » ; attendu : {expected}"
            raise argparse.ArgumentTypeError(words) from None

    return parse
