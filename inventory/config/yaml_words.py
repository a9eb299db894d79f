"""What PyYAML finds wrong, in French."""

from __future__ import annotations

import re

import yaml

from inventory.config.errors import EXPECTED

_SENTENCES = (
    (r"found character '\\t'", "tabulation dans le retrait ; attendu : des espaces"),
    (r"found character '(.+)' that", r"caractère « \1 » interdit ici ; attendu : des guillemets"),
    (
        r"mapping values are not allowed",
        "« : » inattendu ; attendu : des guillemets autour du texte, ou un retrait égal",
    ),
    (r"could not find expected ':'", "« : » absent ; attendu : « clé: valeur »"),
    (
        r"expected <block end>, but found",
        "retrait ou tiret mal placé ; attendu : le même retrait pour toutes les clés d'un bloc",
    ),
    (
        r"expected ',' or '([\]}])'",
        r"« , » ou « \1 » absent ; attendu : [a, b] ou {a: b}, un texte à « : » entre guillemets",
    ),
    (
        r"found undefined alias '(.+)'",
        r"alias « *\1 » sans ancre ; attendu : « &\1 » plus haut, ou des guillemets",
    ),
    (r"found duplicate anchor", "ancre écrite deux fois ; attendu : une seule fois"),
    (r"found another document", "deux documents (---) ; attendu : un seul par fichier"),
    (r"found unexpected end of stream", "guillemet jamais fermé ; attendu : un guillemet fermant"),
    (r"expected alphabetic or numeric", "« & » ou « * » seul ; attendu : des guillemets"),
    (r"expected the node content", "valeur absente ; attendu : une valeur, ou des guillemets"),
)


def syntax_words(error: yaml.YAMLError) -> tuple[str, str]:
    """(what is wrong, what would be right) for a file that is no YAML."""
    if isinstance(error, yaml.reader.ReaderError):
        return f"caractère interdit U+{error.character:04X}", "un texte sans caractère de contrôle"
    said = str(getattr(error, "problem", None) or error)
    for english, french in _SENTENCES:
        found = re.search(english, said)
        if found:
            problem, _, expected = found.expand(french).partition(EXPECTED)
            return problem, expected
    return " ".join(said.split()), "un document YAML"
