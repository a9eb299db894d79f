"""Files that no person would write on purpose: refused in one French line each, never a crash."""

import pytest

from inventory.config import ConfigurationError
from inventory.config.yamlfile import read_yaml

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def faults_of(tmp_path, text):
    path = tmp_path / "f.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_yaml(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [*a]\n", "1: a[0]: alias qui se contient lui-même"),
        ("b: 1\na: &a {b: *a}\n", "2: a.b: alias qui se contient lui-même"),
        ("a: " + "[" * 3000 + "]" * 3000 + "\n", "1: (document): trop de niveaux imbriqués"),
        (LAUGHS, "1: (document): alias qui se multiplient"),
        ("x: !!python/object:os.system {a: 1}\n", "1: x: étiquette « !!python/object:os.system »"),
        ("x: !foo s\n", "1: x: étiquette « !foo » non admise"),
        ("x: 2026-13-45\n", "1: x: « 2026-13-45 » illisible"),
        ("a: 1\n? [b, c]\n: d\n", "2: (document): clé qui n'est pas un mot"),
        ("a:\n\tb: 1\n", "2: (document): YAML invalide : tabulation"),
        ("a: b: c\n", "1: (document): YAML invalide : « : » inattendu"),
        ("a: [1, 2\nb: 3\n", "2: (document): YAML invalide : « , » ou « ] » absent"),
        ("a: *z\n", "1: (document): YAML invalide : alias « *z » sans ancre"),
        ("a: 1\n---\nb: 2\n", "2: (document): YAML invalide : deux documents"),
        ("a: 1\nb: \x01\n", "2: (document): YAML invalide : caractère interdit U+0001"),
        ('a: "x\nb: 1\n', "3: (document): YAML invalide : guillemet jamais fermé"),
        ("a: 1\n  b: 2\n", "2: (document): YAML invalide : « : » inattendu"),
    ],
)
def test_what_is_no_plain_yaml_is_one_french_line_at_its_place(tmp_path, text, said):
    faults = faults_of(tmp_path, text)
    assert len(faults) == 1
    assert faults[0].startswith(said)
    assert " ; attendu : " in faults[0]
    assert "\n" not in faults[0]


def test_an_alias_used_twice_is_no_loop(tmp_path):
    path = tmp_path / "f.yml"
    path.write_text("a: &x [1, {b: 2}]\nc: *x\nd: [*x, *x]\n")
    assert read_yaml(path).data["d"] == [[1, {"b": 2}], [1, {"b": 2}]]
