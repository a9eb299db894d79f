from pathlib import Path

import pytest

from inventory.config import ListenAddress
from inventory.process import (
    FrenchParser,
    add_clock_flag,
    add_process_flags,
    clock_of,
    system_clock,
)
from inventory.process.logs import capture


def parser(several: bool = False) -> FrenchParser:
    made = FrenchParser("vigie-essai", "Essaie.")
    add_process_flags(made, "essai.yml", several_addresses=several)
    add_clock_flag(made)
    return made


def test_a_process_without_flags_reads_its_file_on_the_machines_clock():
    flags = parser().parse_args([])
    assert flags.config == Path("/etc/vigie/essai.yml")
    assert (flags.check, flags.listen, flags.level, flags.form) == (False, None, "info", "logfmt")
    with capture() as told:
        assert clock_of(flags) is system_clock
    assert told == []


def test_the_clock_of_a_drill_starts_where_the_flag_says_and_the_log_tells():
    flags = parser().parse_args(["--clock.start", "2026-05-01T07:12:00+02:00"])
    with capture() as told:
        shown = clock_of(flags)()
    assert shown.isoformat().startswith("2026-05-01T05:12:0")
    assert [entry["event"] for entry in told] == ["drill_clock"]


@pytest.mark.parametrize("text", ["2026-05-01T07:12:00", "hier", ""])
def test_what_is_no_instant_is_refused(capsys, text):
    with pytest.raises(SystemExit) as left:
        parser().parse_args(["--clock.start", text])
    assert left.value.code == 2
    assert "attendu : 2026-05-01T07:12:00+02:00" in capsys.readouterr().err


def test_one_address_or_several():
    one = ["--web.listen-address", "127.0.0.1:1"]
    two = [*one, "--web.listen-address=:2"]
    assert parser().parse_args(one).listen == ListenAddress("127.0.0.1", 1)
    assert parser(several=True).parse_args(two).listen == [
        ListenAddress("127.0.0.1", 1),
        ListenAddress("", 2),
    ]
    assert parser(several=True).parse_args([]).listen == []


def test_every_flag_has_its_help_and_none_is_in_english(capsys):
    with pytest.raises(SystemExit) as left:
        parser().parse_args(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("Usage : vigie-essai [OPTION]…\n\nEssaie.\n")
    for english in ("usage:", "options:", "show this", "default:"):
        assert english not in said
    for action in parser()._actions:
        assert action.help
