"""Whatever argparse says of wrong arguments, it says in French."""

from __future__ import annotations

import pytest

from inventory.process.french_parser import CommandParser


def _parser():
    parser = CommandParser("vigie essai")
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--against")
    one.add_argument("--running", action="store_true")
    parser.add_argument("--number", type=int)
    parser.add_argument("--share", type=float)
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--pair", nargs=2)
    return parser


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "il manque l'une de ces options : --against --running"),
        (["--running", "--against", "x"], "option --against : ne va pas avec --running"),
        (["--running", "--number", "dix"], "option --number : « dix » n'est pas un nombre entier"),
        (["--running", "--share", "dix"], "option --share : « dix » n'est pas un nombre"),
        (["--running", "--names"], "option --names : attend au moins une valeur"),
        (["--running", "--pair", "x"], "option --pair : attend 2 valeurs"),
        (["--against"], "option --against : attend une valeur"),
    ],
)
def test_it_is_said_in_french(capsys, arguments, words):
    with pytest.raises(SystemExit):
        _parser().parse_args(arguments)
    said = capsys.readouterr().err
    assert words in said
    assert "argument" not in said
