from pathlib import Path

import pytest

from exporters.toolkit.discovery import Catalogue
from exporters.toolkit.flags import parse_flags


def flags(*arguments: str):
    return parse_flags(list(arguments), Catalogue({}))


def test_defaults():
    found = flags()
    assert found.config == Path("/etc/vigie/exporter.yml")
    assert (found.telemetry_path, found.max_requests, found.timeout_offset) == ("/metrics", 40, 0.5)
    assert found.exporter_metrics
    assert not found.check
    assert found.listen_addresses == ()


def test_collectors_are_switched_and_the_last_word_counts():
    choice = flags(
        "--collector.a", "--no-collector.b", "--collector.c", "--no-collector.c",
        "--no-collector.d", "--collector.d", "--collector.disable-defaults",
    ).choice  # fmt: skip
    assert (choice.on, choice.off, choice.disable_defaults) == ({"a", "d"}, {"b", "c"}, True)


def test_numbers_are_read():
    found = flags("--web.timeout-offset", "1.5", "--web.max-requests", "0")
    assert (found.timeout_offset, found.max_requests) == (1.5, 0)


def test_both_names_of_the_configuration_flag():
    assert (
        flags("--config.file", "x.yml").config == flags("--config", "x.yml").config == Path("x.yml")
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--log.level", "loud"], "option --log.level : « loud » n'est pas admis"),
        (["--colector.x"], "option inconnue : --colector.x"),
        (["--web.max-requests"], "attend une valeur"),
        (["--web.max-requests", "-3"], "attendu"),
        (["--web.max-requests=-3"], "« -3 » ; attendu : un nombre entier"),
        (["--web.timeout-offset", "inf"], "attendu : un nombre de secondes"),
        (["--web.telemetry-path", "metrics"], "attendu : un chemin comme /metrics"),
        (["--web.telemetry-path", "/-/ready"], "attendu : un chemin comme /metrics"),
        (["--web.telemetry-path", "//metrics"], "attendu : un chemin comme /metrics"),
        (["--web.listen-address", "x"], "attendu : hôte:port"),
        (["--config.check=yes"], "ne prend pas de valeur"),
    ],
)
def test_a_wrong_flag_is_told_in_french_with_exit_2(capsys, arguments, words):
    with pytest.raises(SystemExit) as left:
        flags(*arguments)
    assert left.value.code == 2
    told = capsys.readouterr().err
    if words != "attendu":
        assert words in told
    assert "Voir vigie-exporter --help." in told


def test_help_and_version_are_shown(capsys):
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit) as left:
            flags(flag)
        assert left.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith("Usage : vigie-exporter [OPTION]…")
    assert "vigie-exporter 0." in told
    for english in ("usage:", "options:", "show this", "default:"):
        assert english not in told
